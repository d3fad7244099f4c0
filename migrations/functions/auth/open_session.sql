-- Opens a session for a person who has just proved who they are; returns the object `session`.
--
-- `refresh_hash` is of the first refresh token, which the caller has made; `device` is the name under which the session is
-- listed to its owner. The network that the request comes from is known to the account from then on
-- (`edge.remember_source`).
--
-- A session slides: it ends after `lives`, and every `edge.refresh` moves its end to 30 days from then, but never beyond 180
-- days from the sign-in.
create or replace function edge.open_session(
  person uuid, refresh_hash text, device text, lives interval default '30 days'
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select edge.remember_source(open_session.person, edge.claim('ip'));
  insert into public.user_sessions (user_id, refresh_hash, device, ip, expires_at)
  values (open_session.person, open_session.refresh_hash, open_session.device, edge.claim('ip'),
    edge.now() + open_session.lives)
  returning edge.session_json(user_sessions)
$$;
