-- Takes an invitation back: its link opens nothing any more.
--
-- Outcomes: `ok`, also when repeated; `accepted`; `not_found`, also where its organisation is gone. Raises as `edge.manage`.
create or replace function edge.revoke_invitation(invitation uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  place constant uuid := (
    select i.organisation_id from public.organisation_invitations i where i.id = revoke_invitation.invitation);
  found public.organisation_invitations;
begin
  if place is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform edge.manage(place, 'organisations.invitation_revoked');
  select i.* into found from public.organisation_invitations i where i.id = revoke_invitation.invitation for update;
  if found.accepted_at is not null then
    return jsonb_build_object('outcome', 'accepted');
  end if;
  update public.organisation_invitations i set revoked_at = coalesce(i.revoked_at, edge.now()) where i.id = found.id;
  return jsonb_build_object('outcome', 'ok');
end
$$;

grant execute on function edge.revoke_invitation(uuid) to authenticated;
