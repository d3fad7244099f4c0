-- The number of a job among the attempts at its creation, counted from 1; null where there is no such job.
create or replace function edge.job_attempt(job uuid) returns integer
language sql stable security definer set search_path = ''
as $$ select j.attempt from public.jobs j where j.id = job_attempt.job $$;

grant execute on function edge.job_attempt(uuid) to authenticated;
