-- Deletes the rows of files that the storage has deleted; returns how many.
create or replace function edge.files_gone(ids uuid[]) returns integer
language sql volatile security definer set search_path = ''
as $$
  with gone as (delete from public.files f where f.id = any (files_gone.ids) and f.state = 'leaving' returning true)
  select count(*)::int from gone
$$;

grant execute on function edge.files_gone(uuid[]) to service;
