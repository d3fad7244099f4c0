-- Lets a file of the person of this request go; tells whether it was there.
--
-- From then on nobody sees it. It is deleted as soon as the link to put it is good no longer: else it could come back.
create or replace function edge.remove_file(id uuid) returns boolean
language sql volatile security definer set search_path = ''
as $$
  with gone as (
    update public.files f set state = 'leaving', delete_after = greatest(edge.now(), f.upload_until)
    where f.id = remove_file.id and f.user_id = edge.uid() and f.state <> 'leaving'
      and (f.delete_after is null or f.delete_after > edge.now())
    returning true
  )
  select exists (select from gone)
$$;

grant execute on function edge.remove_file(uuid) to authenticated;
