-- Makes the person of this request a member or manager of an organisation, by the link in a letter.
--
-- The token proves who reads the mail of the invited address, and the account must have that address, which is verified by
-- it. Returns the organisation, also when repeated. Raises `OR410 link_invalid` (an unknown, used, revoked or expired link, or an
-- organisation that nobody manages who can sign in); `OR403 invited_elsewhere`; `OR409 in_another_organisation`; and as
-- `edge.require_entitlement` where the invitation is to manage.
create or replace function edge.accept_invitation(token_hash text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  organisation public.organisations;
  invitation public.organisation_invitations;
  person public.users;
begin
  -- The organisation is locked before its invitation, as everywhere.
  select o.* into organisation
  from public.organisations o
  where o.id = (select i.organisation_id from public.organisation_invitations i
    where i.token_hash = accept_invitation.token_hash)
  for update;
  select i.* into invitation
  from public.organisation_invitations i
  where i.token_hash = accept_invitation.token_hash and i.organisation_id = organisation.id
  for update;
  select u.* into person from public.users u where u.id = edge.uid();
  if invitation.accepted_by = person.id and exists (
    select from public.organisation_members m where m.organisation_id = organisation.id and m.user_id = person.id)
  then
    return edge.organisation_json(organisation);
  elsif invitation.id is null or invitation.accepted_at is not null or invitation.revoked_at is not null
    or invitation.expires_at <= edge.now() or not edge.is_managed(organisation.id)
  then
    raise exception using errcode = 'OR410', message = 'link_invalid';
  elsif lower(person.email) <> invitation.email then
    raise exception using errcode = 'OR403', message = 'invited_elsewhere';
  elsif invitation.role = 'manager' then
    perform edge.require_managing(person.id);
  end if;

  begin
    insert into public.organisation_members (organisation_id, user_id, role)
    values (organisation.id, person.id, invitation.role)
    on conflict (organisation_id, user_id) do nothing;
  exception when unique_violation then
    raise exception using errcode = 'OR409', message = 'in_another_organisation';
  end;
  update public.organisation_invitations i set accepted_at = edge.now(), accepted_by = person.id where i.id = invitation.id;
  update public.users u set email_verified_at = edge.now() where u.id = person.id and u.email_verified_at is null;
  perform edge.audit('organisations.joined', jsonb_build_object('organisation', organisation.id));
  return edge.organisation_json(organisation);
end
$$;

grant execute on function edge.accept_invitation(text) to authenticated;
