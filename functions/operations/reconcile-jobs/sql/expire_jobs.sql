-- Gives up on jobs from which nothing can come any more; the person may retry.
--
-- A submission whose answer never came ends as `failed` with `submission_unknown` when its time is up. A job that RunPod was
-- given ends with `result_expired` half an hour after that, for RunPod keeps a result no longer. Both are presumed: should
-- RunPod's word arrive after all, it is believed (`edge.move_job`).
--
-- Outcome: `ok` {expired, outbox}. A call gives up at most `max` jobs, and never more than 1,000, those first whose time was
-- up first.
create or replace function edge.expire_jobs(max integer default 100) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  late record;
  expired integer := 0;
  messages jsonb := '[]';
begin
  for late in
    select j.id, j.state
    from public.jobs j
    where j.finished_at is null
      and j.expires_at <= edge.now() - case j.state when 'submitting' then interval '0' else interval '30 minutes' end
    order by j.expires_at, j.id
    limit least(expire_jobs.max, 1000)
    for update skip locked
  loop
    messages := messages || (edge.move_job(late.id, 'failed', is_presumed => true,
      error => case late.state when 'submitting' then 'submission_unknown' else 'result_expired' end) -> 'outbox');
    expired := expired + 1;
  end loop;
  return jsonb_build_object('outcome', 'ok', 'expired', expired, 'outbox', messages);
end
$$;

grant execute on function edge.expire_jobs(integer) to service;
