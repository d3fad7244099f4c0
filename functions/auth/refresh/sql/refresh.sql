-- Exchanges a refresh token for the token that replaces it, and prolongs the session.
--
-- `new_hashes` are of the token's successors, in order: the caller derives each from the one before, so it knows them all.
-- Outcomes: `ok` {person, session, is_reissue, successor}; `refresh_invalid` (never issued, forgotten, or further behind than
-- the successors given); `refresh_expired`; `session_revoked`; `banned`; `refresh_reused`: a token whose successor has been used came back more than 30 s
-- after it was replaced, so somebody has a copy, and the whole session is now revoked. `successor` is the place in `new_hashes`, counted from 1, of
-- the token that is good from now on; `is_reissue` says that the old token had been replaced before.
--
-- The answer that replaced a token may have been lost, and a device may ask for it again whenever it is back: the token before
-- the present one is honoured for as long as the present one has not been used. Within those 30 s every replaced token is, for
-- two tabs may refresh at once. That changes nothing, and names the token that is good by then: making another token good would throw out
-- the tab that is ahead. Several successors are given because a tab may lag several refreshes behind: given only the next
-- one, such a tab would get a token that has itself been replaced, would be taken for a thief at its next refresh, and
-- everybody's session would end.
--
-- `device` names the session to its owner; null leaves the name as it is. The session's end moves to 30 days from now, but
-- never beyond 180 days from the sign-in. `device_hash` is of the cookie of the browser that brought the token, which the account
-- knows from then on (`edge.device_source`); null where the browser has brought none: what keeps no cookies would otherwise
-- leave a row with every refresh.
create or replace function edge.refresh(
  old_hash text, new_hashes text[], device text default null, device_hash text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  session public.user_sessions;
  replaced public.user_session_tokens;
  person public.users;
  place integer := 1;
begin
  -- The person is locked before the session, as everywhere (`edge.revoke_sessions`).
  perform from public.users u
  where u.id = (
    select s.user_id from public.user_sessions s
    where s.refresh_hash = refresh.old_hash
      or s.id = (select t.session_id from public.user_session_tokens t where t.hash = refresh.old_hash))
  for key share;
  select s.* into session from public.user_sessions s where s.refresh_hash = refresh.old_hash for update;
  if session.id is null then
    select t.* into replaced from public.user_session_tokens t where t.hash = refresh.old_hash;
    select s.* into session from public.user_sessions s where s.id = replaced.session_id for update;
    place := array_position(refresh.new_hashes, session.refresh_hash);
  end if;

  if session.id is null then
    return jsonb_build_object('outcome', 'refresh_invalid');
  elsif session.revoked_at is not null then
    return jsonb_build_object('outcome', 'session_revoked');
  elsif replaced.replaced_at < edge.now() - interval '30 seconds' and place is distinct from 1 and exists (
    select from public.user_session_tokens t
    where t.session_id = session.id and t.replaced_at > replaced.replaced_at)
  then
    update public.user_sessions s set revoked_at = edge.now(), revoked_because = 'reuse' where s.id = session.id;
    perform edge.audit_as(session.user_id, 'auth.refresh_reused', jsonb_build_object('session', session.id));
    return jsonb_build_object('outcome', 'refresh_reused');
  elsif session.expires_at <= edge.now() then
    return jsonb_build_object('outcome', 'refresh_expired');
  end if;

  select u.* into person from public.users u where u.id = session.user_id;
  if person.is_banned then
    return jsonb_build_object('outcome', 'banned');
  elsif not person.is_active or person.deleted_at is not null then
    return jsonb_build_object('outcome', 'session_revoked');
  elsif place is null then
    return jsonb_build_object('outcome', 'refresh_invalid');
  end if;

  if replaced.hash is null then
    insert into public.user_session_tokens (hash, session_id) values (session.refresh_hash, session.id);
    update public.user_sessions s
    set refresh_hash = refresh.new_hashes[1],
      refreshed_at = edge.now(),
      expires_at = least(edge.now() + interval '30 days', s.created_at + interval '180 days'),
      device = coalesce(refresh.device, s.device),
      ip = coalesce(edge.claim('ip'), s.ip)
    where s.id = session.id
    returning s.* into session;
  end if;
  perform edge.remember_source(person.id, edge.device_source(refresh.device_hash));
  return jsonb_build_object('outcome', 'ok', 'is_reissue', replaced.hash is not null, 'successor', place,
    'person', edge.person_json(person), 'session', edge.session_json(session));
end
$$;

grant execute on function edge.refresh(text, text[], text, text) to anon;
