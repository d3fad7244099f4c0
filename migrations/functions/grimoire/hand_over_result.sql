-- Gives the result of a job that we had given up on to the creations that were retried meanwhile and still wait; returns the
-- messages that this causes.
--
-- The jobs that were begun in its place are cancelled where nobody else waits for them, and count in no quota: the job that
-- made the result counts in theirs. A creation that has succeeded by its second job, or that its person has cancelled, stays as
-- it is.
--
-- The job itself is locked by the caller (`edge.move_job`). A job that somebody is working with at this moment is left alone:
-- its creation then goes on waiting for it.
create or replace function edge.hand_over_result(job public.jobs) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  others constant uuid[] := array(
    select o.id from public.jobs o
    where o.id <> job.id and o.id in (
      select s.job_id from public.scenes s
      where s.former_jobs @> array[job.id] and s.former_jobs <> '{}' and s.status in ('queued', 'running', 'failed')
      union
      select c.job_id from public.creations c
      where c.former_jobs @> array[job.id] and c.former_jobs <> '{}' and c.status in ('queued', 'running', 'failed'))
    order by o.id
    for update skip locked);
  other uuid;
  given integer;
  more integer;
  messages jsonb := '[]';
begin
  update public.scenes s
  set job_id = job.id, status = job.state, error = null, image_url = job.output ->> 'url'
  where s.former_jobs @> array[job.id] and s.former_jobs <> '{}' and s.job_id = any (others)
    and s.status in ('queued', 'running', 'failed');
  get diagnostics given = row_count;
  update public.creations c
  set job_id = job.id, status = job.state, error = null, result_url = job.output ->> 'url'
  where c.former_jobs @> array[job.id] and c.former_jobs <> '{}' and c.job_id = any (others)
    and c.status in ('queued', 'running', 'failed');
  get diagnostics more = row_count;
  if given + more = 0 then
    return messages;
  end if;
  update public.jobs j set is_counted = true where j.id = job.id;
  foreach other in array others loop
    continue when exists (select from public.scenes s where s.job_id = other)
      or exists (select from public.creations c where c.job_id = other);
    update public.jobs j set is_counted = false where j.id = other;
    messages := messages || coalesce(edge.move_job(other, 'cancelled') -> 'outbox', '[]');
  end loop;
  return messages;
end
$$;
