-- Makes a member of an organisation a manager, or a manager a member.
--
-- Returns the member: user_id, name, email, role, joined_at. Raises `OR404 not_found`; `OR409 last_manager`, where nobody would
-- be left to manage who can sign in; `OR409 in_another_organisation`, who is a member of another one; as `edge.manage`; and as
-- `edge.require_entitlement` for who is made a manager.
create or replace function edge.change_member(organisation uuid, person uuid, role text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  managed constant uuid := (edge.manage(change_member.organisation, 'organisations.member_changed',
    jsonb_build_object('subject', change_member.person))).id;
  changed jsonb;
begin
  if change_member.role = 'member' and edge.is_last_manager(managed, change_member.person) then
    raise exception using errcode = 'OR409', message = 'last_manager';
  elsif change_member.role = 'manager' and exists (
    select from public.organisation_members m join public.users u on u.id = m.user_id
    where m.organisation_id = managed and m.user_id = change_member.person and m.role = 'member' and u.deleted_at is null)
  then
    perform edge.require_managing(change_member.person);
  end if;
  begin
    update public.organisation_members m set role = change_member.role
    from public.users u
    where m.organisation_id = managed and m.user_id = change_member.person and u.id = m.user_id
      and u.deleted_at is null
    returning jsonb_build_object('user_id', u.id, 'name', u.name, 'email', u.email, 'role', m.role, 'joined_at', m.joined_at)
    into changed;
  exception when unique_violation then
    raise exception using errcode = 'OR409', message = 'in_another_organisation';
  end;
  if changed is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  perform edge.audit('organisations.member_changed', jsonb_build_object(
    'organisation', managed, 'subject', change_member.person, 'role', change_member.role));
  return changed;
end
$$;

grant execute on function edge.change_member(uuid, uuid, text) to authenticated;
