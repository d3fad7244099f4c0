-- Signing up, in and out. Each is one call, because each is one decision that must be atomic.
--
-- What must outlive a refusal (a failed sign-in, a stolen token) is returned as an outcome: a raise would roll it back.
-- `password` is base64(HMAC-SHA-256(pepper, password)), computed by the caller, so that no password reaches the server's
-- log and bcrypt's limit of 72 bytes does not matter. The token hashes are of refresh tokens that the caller made.
--
-- A session slides: every refresh moves its end to 30 days from now, but never beyond 180 days from the sign-in.

set role edge_owner;

-- What a person may know of themselves. Columns are named, so that a new one is never published by accident.
create function edge.person_json(person public.users) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', person.id, 'email', person.email, 'name', person.name, 'phone', person.phone, 'country', person.country,
    'role', person.role, 'tier', person.tier, 'locale', person.locale, 'time_zone', person.time_zone,
    'email_verified_at', person.email_verified_at, 'registration_date', person.registration_date,
    'login_count', person.login_count, 'last_login_at', person.last_login_at,
    'version', person.version, 'created_at', person.created_at, 'updated_at', person.updated_at)
$$;

create function edge.session_json(session public.user_sessions) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', session.id, 'created_at', session.created_at, 'expires_at', session.expires_at)
$$;

create function edge.open_session(person uuid, refresh_hash text, device text) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  insert into public.user_sessions (user_id, refresh_hash, device, ip, expires_at)
  values (person, open_session.refresh_hash, open_session.device, edge.claim('ip'), edge.now() + interval '30 days')
  returning edge.session_json(user_sessions)
$$;

-- Outcomes: `created` {person, session}; `email_taken`; `verify_first`, the same for a new and for a known address when
-- the setting of that name is on, so that nobody learns who has an account.
create function edge.register(
  email text, password text, refresh_hash text,
  name text default null, phone text default null, country text default null,
  locale text default 'fr', time_zone text default 'Europe/Paris', device text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  verify_first constant boolean := coalesce(edge.setting('verify_first') = 'true', false);
  person public.users;
begin
  insert into public.users (email, password_hash, name, phone, country, locale, time_zone)
  values (
    lower(btrim(register.email)), edge.bcrypt_hash(register.password), register.name, register.phone,
    register.country, register.locale, register.time_zone)
  on conflict (lower(email)) do nothing
  returning * into person;

  if person.id is not null then
    perform edge.audit_as(person.id, 'auth.registered', '{}');
  end if;
  if verify_first then
    return jsonb_build_object('outcome', 'verify_first');
  elsif person.id is null then
    return jsonb_build_object('outcome', 'email_taken');
  end if;
  return jsonb_build_object('outcome', 'created', 'person', edge.person_json(person),
    'session', edge.open_session(person.id, register.refresh_hash, register.device));
end
$$;

-- Counts a failed sign-in. From the fifth within an hour on, the pair of e-mail and address waits: 30 s, doubling up to
-- 15 minutes.
create function edge.count_login_failure(email_hash text, ip text) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.login_failures as f (email_hash, ip, failures)
  values (count_login_failure.email_hash, count_login_failure.ip, 1)
  on conflict (email_hash, ip) do update
  set failures = case when f.failed_at < edge.now() - interval '1 hour' then 1 else f.failures + 1 end,
    failed_at = edge.now(),
    locked_until = case when f.failed_at >= edge.now() - interval '1 hour' and f.failures >= 4
      then edge.now() + make_interval(secs => least(30 * 2 ^ least(f.failures - 4, 10), 900)) end
$$;

-- Outcomes: `ok` {person, session}; `invalid`; `locked` {retry_after_s}; and, only with the right password, `banned`,
-- `inactive`, `verify_first`. `legacy`: this account's hash was imported and is of the password itself, which the caller
-- did not send; it calls again with `legacy_password`, once in the account's life.
create function edge.login(
  email text, password text, refresh_hash text, device text default null, legacy_password text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  typed constant text := lower(btrim(login.email));
  digest constant text := encode(sha256(convert_to(typed, 'UTF8')), 'hex');
  source constant text := coalesce(edge.claim('ip'), '');
  -- An account that does not exist costs as much time as one that does.
  nobody constant text := '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny';
  locked interval;
  person public.users;
  is_right boolean;
begin
  select f.locked_until - edge.now() into locked
  from public.login_failures f
  where f.email_hash = digest and f.ip = source;
  if locked > interval '0' then
    return jsonb_build_object('outcome', 'locked', 'retry_after_s', ceil(extract(epoch from locked))::int);
  end if;

  select u.* into person from public.users u where lower(u.email) = typed and u.deleted_at is null;
  if person.password_is_legacy and login.legacy_password is null then
    return jsonb_build_object('outcome', 'legacy');
  end if;
  is_right := edge.bcrypt_matches(
    case when person.password_is_legacy then login.legacy_password else login.password end,
    coalesce(person.password_hash, nobody));
  if person.id is null or not is_right then
    perform edge.count_login_failure(digest, source), edge.audit_as(person.id, 'auth.login_failed', '{}');
    return jsonb_build_object('outcome', 'invalid');
  end if;

  delete from public.login_failures f where f.email_hash = digest and f.ip = source;
  if person.is_banned or not person.is_active then
    perform edge.audit_as(person.id, 'auth.login_refused', '{}');
    return jsonb_build_object('outcome', case when person.is_banned then 'banned' else 'inactive' end);
  elsif person.email_verified_at is null and edge.setting('verify_first') = 'true' then
    return jsonb_build_object('outcome', 'verify_first');
  end if;

  update public.users u
  set login_count = u.login_count + 1,
    last_login_at = edge.now(),
    password_hash = case when person.password_is_legacy then edge.bcrypt_hash(login.password) else u.password_hash end,
    password_is_legacy = false
  where u.id = person.id
  returning u.* into person;
  perform edge.audit_as(person.id, 'auth.login', '{}');
  return jsonb_build_object('outcome', 'ok', 'person', edge.person_json(person),
    'session', edge.open_session(person.id, login.refresh_hash, login.device));
end
$$;

-- Exchanges a refresh token. Outcomes: `ok` {person, session, is_reissue}; `invalid` (never issued, or forgotten);
-- `expired`; `revoked`; `banned`; `reused`: a token that had been replaced more than 30 s ago came back, so somebody has
-- a copy, and the whole session is now revoked.
--
-- Within those 30 s a replaced token is honoured, because the answer that replaced it may have been lost. A caller that
-- derives the new token from the old one thereby gives racing tabs the same token; otherwise the last one asked for wins.
-- A tab that lags two refreshes behind gets a successor that has itself been replaced, and changes nothing: making that
-- one good anew would throw out the tab that is ahead.
create function edge.refresh(old_hash text, new_hash text, device text default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  session public.user_sessions;
  replaced public.user_session_tokens;
  person public.users;
begin
  select s.* into session from public.user_sessions s where s.refresh_hash = refresh.old_hash for update;
  if session.id is null then
    select t.* into replaced from public.user_session_tokens t where t.hash = refresh.old_hash;
    select s.* into session from public.user_sessions s where s.id = replaced.session_id for update;
  end if;

  if session.id is null then
    return jsonb_build_object('outcome', 'invalid');
  elsif session.revoked_at is not null then
    return jsonb_build_object('outcome', 'revoked');
  elsif replaced.replaced_at < edge.now() - interval '30 seconds' then
    update public.user_sessions s set revoked_at = edge.now(), revoked_because = 'reuse' where s.id = session.id;
    perform edge.audit_as(session.user_id, 'auth.refresh_reused', jsonb_build_object('session', session.id));
    return jsonb_build_object('outcome', 'reused');
  elsif session.expires_at <= edge.now() then
    return jsonb_build_object('outcome', 'expired');
  end if;

  select u.* into person from public.users u where u.id = session.user_id;
  if person.is_banned then
    return jsonb_build_object('outcome', 'banned');
  elsif not person.is_active or person.deleted_at is not null then
    return jsonb_build_object('outcome', 'revoked');
  end if;

  if session.refresh_hash <> refresh.new_hash
    and not exists (select from public.user_session_tokens t where t.hash = refresh.new_hash)
  then
    insert into public.user_session_tokens (hash, session_id) values (session.refresh_hash, session.id);
    update public.user_sessions s
    set refresh_hash = refresh.new_hash,
      refreshed_at = edge.now(),
      expires_at = least(edge.now() + interval '30 days', s.created_at + interval '180 days'),
      device = coalesce(refresh.device, s.device),
      ip = coalesce(edge.claim('ip'), s.ip)
    where s.id = session.id
    returning s.* into session;
  end if;
  return jsonb_build_object('outcome', 'ok', 'is_reissue', replaced.hash is not null,
    'person', edge.person_json(person), 'session', edge.session_json(session));
end
$$;

-- Ends the session of this request, or all of this person's. Outcome: `ok` {revoked}, the number of sessions ended.
create function edge.logout(everywhere boolean default false) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ended integer;
begin
  update public.user_sessions s
  set revoked_at = edge.now(), revoked_because = 'logout'
  where s.user_id = edge.uid() and s.revoked_at is null and (logout.everywhere or s.id = edge.session());
  get diagnostics ended = row_count;
  perform edge.audit('auth.logout', jsonb_build_object('sessions', ended));
  return jsonb_build_object('outcome', 'ok', 'revoked', ended);
end
$$;

grant execute on function
  edge.register(text, text, text, text, text, text, text, text, text),
  edge.login(text, text, text, text, text),
  edge.refresh(text, text, text)
  to anon;
grant execute on function edge.logout(boolean) to authenticated;

reset role;
