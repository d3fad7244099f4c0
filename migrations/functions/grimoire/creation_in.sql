-- The status and the job of a creation of the person of this request, on a given collection; no row where it stands elsewhere.
--
-- `collection` is `scenes`, or `creations` for all other kinds.
create or replace function edge.creation_in(collection text, creation uuid) returns table (status text, job_id uuid)
language sql stable security definer set search_path = ''
as $$
  select s.status, s.job_id from public.scenes s
  where creation_in.collection = 'scenes' and s.id = creation_in.creation and s.user_id = edge.uid()
  union all
  select c.status, c.job_id from public.creations c
  where creation_in.collection = 'creations' and c.id = creation_in.creation and c.user_id = edge.uid()
$$;
