-- An invitation as the managers of the organisation see it.
--
-- Its fields: id, organisation_id, email, role, sent_at, created_at, expires_at, and `state`: `open`, `accepted`, `revoked`
-- or `expired`. The link's token is not among them.
create or replace function edge.invitation_json(invitation public.organisation_invitations) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', invitation.id, 'organisation_id', invitation.organisation_id, 'email', invitation.email,
    'role', invitation.role, 'sent_at', invitation.sent_at, 'created_at', invitation.created_at,
    'expires_at', invitation.expires_at,
    'state', case
      when invitation.accepted_at is not null then 'accepted' when invitation.revoked_at is not null then 'revoked'
      when invitation.expires_at <= edge.now() then 'expired' else 'open' end)
$$;
