-- Lists the members of an organisation for its managers, first who joined first.
--
-- At most `max` rows {user_id, name, email, role, joined_at}, after the member who joined at `after_joined_at` with the id
-- `after_id` (null for the first). Members whose account is erased have neither name nor e-mail. Raises as `edge.manage`.
create or replace function edge.list_members(organisation uuid, after_joined_at timestamptz, after_id uuid, max integer)
returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed constant uuid := (edge.manage(list_members.organisation, 'organisations.members_listed')).id;
begin
  return query
  select jsonb_build_object('user_id', u.id,
    'name', case when u.deleted_at is null then u.name end, 'email', case when u.deleted_at is null then u.email end,
    'role', m.role, 'joined_at', m.joined_at)
  from public.organisation_members m join public.users u on u.id = m.user_id
  where m.organisation_id = managed
    and (list_members.after_id is null
      or (m.joined_at, m.user_id) > (list_members.after_joined_at, list_members.after_id))
  order by m.joined_at, m.user_id
  limit list_members.max;
end
$$;

grant execute on function edge.list_members(uuid, timestamptz, uuid, integer) to authenticated;
