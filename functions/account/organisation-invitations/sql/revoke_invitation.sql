-- Takes an invitation back: its link opens nothing any more.
--
-- Repeating it does no harm. Raises `OR409 invitation_accepted`; `OR404 not_found`, also where its organisation is gone; and as
-- `edge.manage`.
create or replace function edge.revoke_invitation(invitation uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  place constant uuid := (
    select i.organisation_id from public.organisation_invitations i where i.id = revoke_invitation.invitation);
  found public.organisation_invitations;
begin
  if place is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  perform edge.manage(place, 'organisations.invitation_revoked');
  select i.* into found from public.organisation_invitations i where i.id = revoke_invitation.invitation for update;
  if found.accepted_at is not null then
    raise exception using errcode = 'OR409', message = 'invitation_accepted';
  end if;
  update public.organisation_invitations i set revoked_at = coalesce(i.revoked_at, edge.now()) where i.id = found.id;
end
$$;

grant execute on function edge.revoke_invitation(uuid) to authenticated;
