-- What has become of a creation of the person of this request: {id, status, error}; null where they have no such creation.
--
-- `status` is `queued`, `running`, `succeeded`, `failed` or `cancelled`.
create or replace function edge.creation_state(creation uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object('id', w.id, 'status', w.status, 'error', w.error)
  from (
    select s.id, s.status, s.error, s.user_id from public.scenes s where s.id = creation_state.creation
    union all
    select c.id, c.status, c.error, c.user_id from public.creations c where c.id = creation_state.creation
  ) as w
  where w.user_id = edge.uid()
$$;
