-- How many jobs wait on an endpoint until a job's turn, the job itself included; null once the job has begun.
--
-- People see the position of the jobs that their creations wait for, through the view `grimoire_creations`.
create or replace function edge.queue_position(job uuid) returns integer
language sql stable security definer set search_path = ''
as $$
  select (select count(*)::int from public.jobs j
    where j.endpoint = me.endpoint and j.state in ('submitting', 'queued')
      and (j.created_at, j.id) <= (me.created_at, me.id))
  from public.jobs me
  where me.id = queue_position.job and me.state in ('submitting', 'queued')
$$;

grant execute on function edge.queue_position(uuid) to authenticated;
