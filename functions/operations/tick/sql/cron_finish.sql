-- Records how the run of a scheduled function has ended.
--
-- `outcome` is `succeeded`, `partial`, which runs again at the next tick, or `failed`, which likewise runs again, up to five
-- attempts. `counts` is the function's report. Outcomes: `ok`; `not_found`, where the run has ended before.
create or replace function edge.cron_finish(run_id bigint, outcome text, counts jsonb default '{}', error text default null)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
begin
  update public.cron_runs r
  set finished_at = edge.now(), outcome = cron_finish.outcome, counts = cron_finish.counts,
    error = left(cron_finish.error, 2000)
  where r.id = cron_finish.run_id and r.finished_at is null;
  return jsonb_build_object('outcome', case when found then 'ok' else 'not_found' end);
end
$$;

grant execute on function edge.cron_finish(bigint, text, jsonb, text) to service;
