-- Invites an address to an organisation by a letter with a link, or writes to it again with a new link.
--
-- A new link ends the old one; it is good for seven days. Returns {invitation, is_new, outbox}. Raises `OR409 already_member`,
-- who belongs to it already; `OR429 enough_invitations`; as `edge.manage`; and as `edge.require_entitlement` where members and open
-- invitations together would be more than the tier of the person of this request allows (`organisation_members`).
--
-- An address gets three letters a day from all organisations together, and a person sends a hundred. Both limits are counted
-- in the invitations themselves, which stay when their organisation goes: otherwise whoever founds an organisation could
-- delete it and begin anew. The letter is in the language of the invited person, if they have an account, else in that of
-- the person who invites. `role` is `member` or `manager`; `token_hash` is of the token in `link`.
create or replace function edge.invite_member(organisation uuid, email text, role text, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  managed constant public.organisations := edge.manage(invite_member.organisation, 'organisations.invited');
  address constant text := lower(btrim(invite_member.email));
  yesterday constant timestamptz := edge.now() - interval '1 day';
  invited public.users;
  was_open boolean;
  invitation public.organisation_invitations;
begin
  select u.* into invited from public.users u where lower(u.email) = address and u.deleted_at is null;
  if exists (
    select from public.organisation_members m where m.organisation_id = managed.id and m.user_id = invited.id)
  then
    raise exception using errcode = 'OR409', message = 'already_member';
  end if;
  -- What counts over all organisations is counted by one request at a time.
  perform pg_advisory_xact_lock(hashtextextended('invite ' || address, 0)),
    pg_advisory_xact_lock(hashtextextended('invites ' || edge.uid(), 0));
  if 3 <= (select coalesce(sum(i.letters), 0) from public.organisation_invitations i
      where i.email = address and i.sent_at > yesterday)
    or 100 <= (select coalesce(sum(i.letters), 0) from public.organisation_invitations i
      where i.invited_by = edge.uid() and i.sent_at > yesterday)
  then
    raise exception using errcode = 'OR429', message = 'enough_invitations', detail = '{"retry_after_s": 86400}';
  end if;
  perform edge.require_entitlement('organisation_members', 1
    + (select count(*)::int from public.organisation_members m where m.organisation_id = managed.id)
    + (select count(*)::int from public.organisation_invitations i
      where i.organisation_id = managed.id and i.email <> address and i.accepted_at is null and i.revoked_at is null
        and i.expires_at > edge.now()));

  was_open := exists (
    select from public.organisation_invitations i
    where i.organisation_id = managed.id and i.email = address and i.accepted_at is null and i.revoked_at is null
      and i.expires_at > edge.now());
  insert into public.organisation_invitations as i (organisation_id, email, role, token_hash, invited_by, expires_at)
  values (managed.id, address, invite_member.role, invite_member.token_hash, edge.uid(), edge.now() + interval '7 days')
  on conflict (organisation_id, email) do update
  set role = excluded.role, token_hash = excluded.token_hash, invited_by = excluded.invited_by,
    letters = case when i.sent_at > yesterday then i.letters + 1 else 1 end,
    sent_at = excluded.sent_at, expires_at = excluded.expires_at,
    created_at = case when was_open then i.created_at else edge.now() end,
    accepted_at = null, accepted_by = null, revoked_at = null
  returning i.* into invitation;
  perform edge.audit('organisations.invited',
    jsonb_build_object('organisation', managed.id, 'invitation', invitation.id));
  return jsonb_build_object(
    'is_new', not was_open,
    'invitation', edge.invitation_json(invitation),
    'outbox', jsonb_build_array(edge.mail(edge.uid(), 'organisation_invitation', address,
      coalesce(invited.locale, (select u.locale from public.users u where u.id = edge.uid()), 'fr'),
      invite_member.link, managed.name)));
end
$$;

grant execute on function edge.invite_member(uuid, text, text, text, text) to authenticated;
