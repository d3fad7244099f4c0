-- The status and the job of a creation of the person of this request, on a given shelf; no row where it stands elsewhere.
--
-- `shelf` is `scenes`, or `creations` for all other kinds.
create or replace function edge.creation_on(shelf text, creation uuid) returns table (status text, job_id uuid)
language sql stable security definer set search_path = ''
as $$
  select s.status, s.job_id from public.scenes s
  where creation_on.shelf = 'scenes' and s.id = creation_on.creation and s.user_id = edge.uid()
  union all
  select c.status, c.job_id from public.creations c
  where creation_on.shelf = 'creations' and c.id = creation_on.creation and c.user_id = edge.uid()
$$;
