-- Tells whether this request may record what became of a job: it is of `service`, or of the person who began the job.
create or replace function edge.may_move(job uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select edge.is_service() or exists (select from public.jobs j where j.id = may_move.job and j.user_id = edge.uid())
$$;
