-- Signs a person in with e-mail and password, and opens a session.
--
-- Outcomes: `ok` {person, session}; `invalid_credentials`; `locked` {retry_after_s}, in seconds; `legacy`; and, only with the right
-- password, `banned`, `inactive`, `closed` {erased_at}, `verify_first`. `legacy` asks the caller to call again with `legacy_password`: the
-- account's hash was imported and is of the password itself, which the caller did not send. It happens once in an account's
-- life, for the sign-in then makes a hash of ours.
--
-- `password` is base64(HMAC-SHA-256(pepper, password)), computed by the caller, so that no password reaches the server's log
-- and bcrypt's limit of 72 bytes does not matter; `legacy_password` is the password itself, for imported hashes only. Either
-- may have two spellings (`edge.password_matches`); the account keeps the first.
-- `refresh_hash` is of the session's first refresh token, which the caller has made; hashes of tokens have 32 to 128
-- characters. `device` names the session to its owner. `device_hash` is of the browser's cookie (`edge.device_source`), null
-- where the browser keeps none; the account knows the cookie from this sign-in on.
--
-- Signing up, in and out are one call each, because each is one decision that must be atomic. What must outlive a refusal,
-- such as a failed sign-in that was counted, is returned as an outcome: raising would roll it back. An address without
-- account costs the same work as one with an account.
--
-- Whoever has closed their account learns it here, with the day on which it is deleted, and opens it again with `restore`: only
-- somebody who knows the password is told, and to everybody else a closed account looks like an open one, as it does to
-- `edge.register`. After its grace period it is nobody's.
--
-- A hash of another cost than today's is made anew (`edge.bcrypt_cost`).
-- The counters of failed sign-ins are explained in `edge.count_login_failure`, the line in which attempts wait in
-- `edge.await_turn`, the order of locks in `edge.revoke_sessions`.
create or replace function edge.login(
  email text, password text, refresh_hash text, device text default null, legacy_password text default null,
  device_hash text default null, restore boolean default false
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := edge.address_hash(login.email);
  person public.users;
  present public.users;
  source text := edge.device_source(login.device_hash);
  is_own boolean;
  wait interval;
begin
  select u.* into person
  from public.users u
  where lower(u.email) = lower(btrim(login.email)) and coalesce(edge.erased_at(u) > edge.now(), true);
  is_own := edge.knows_source(person.id, source);
  source := case when is_own then source else coalesce(edge.claim('ip'), '') end;
  perform edge.await_turn(digest, source, is_own);
  -- Whoever was ahead may have changed it.
  select u.* into person from public.users u where u.id = person.id;
  wait := edge.sign_in_wait(digest, source, is_own or edge.knows_source(person.id, source));
  if wait > interval '0' then
    return jsonb_build_object('outcome', 'locked', 'retry_after_s', ceil(extract(epoch from wait))::int);
  end if;

  if person.password_is_legacy and login.legacy_password is null then
    return jsonb_build_object('outcome', 'legacy');
  end if;
  if not edge.password_matches(
    case when person.password_is_legacy then login.legacy_password else login.password end, person.password_hash)
    or person.id is null
  then
    perform edge.count_login_failure(digest, source, is_own), edge.audit_as(person.id, 'auth.login_failed', '{}');
    return jsonb_build_object('outcome', 'invalid_credentials');
  end if;

  -- From here on the password stays what it is. Whoever has just changed it has ended every session, so none is opened for
  -- the one before.
  select u.* into present from public.users u where u.id = person.id for no key update;
  if present.id is null or (present.password_hash <> person.password_hash
    and not edge.password_matches(login.password, present.password_hash))
  then
    return jsonb_build_object('outcome', 'invalid_credentials');
  end if;
  person := present;
  delete from public.login_failures f where f.email_hash = digest and f.ip = source;
  if person.is_banned or not person.is_active then
    perform edge.audit_as(person.id, 'auth.login_refused', '{}');
    return jsonb_build_object('outcome', case when person.is_banned then 'banned' else 'inactive' end);
  elsif person.deleted_at is not null and not login.restore then
    return jsonb_build_object('outcome', 'closed', 'erased_at', edge.erased_at(person));
  elsif person.email_verified_at is null and edge.setting('verify_first') = 'true' then
    return jsonb_build_object('outcome', 'verify_first');
  end if;

  if person.deleted_at is not null then
    update public.users u set deleted_at = null, erases_at = null, erasure_failed_at = null where u.id = person.id;
    perform edge.audit_as(person.id, 'accounts.restored', '{}');
  end if;
  update public.users u
  set login_count = u.login_count + 1,
    last_login_at = edge.now(),
    password_hash = case when person.password_is_legacy or edge.bcrypt_cost_of(person.password_hash) <> edge.bcrypt_cost()
        or strpos(login.password, chr(31)) > 0
      then edge.bcrypt_hash(split_part(login.password, chr(31), 1)) else u.password_hash end,
    password_is_legacy = false
  where u.id = person.id
  returning u.* into person;
  perform edge.remember_source(person.id, edge.device_source(login.device_hash)),
    edge.audit_as(person.id, 'auth.login', '{}');
  return jsonb_build_object('outcome', 'ok', 'person', edge.person_json(person),
    'session', edge.open_session(person.id, login.refresh_hash, login.device));
end
$$;

grant execute on function edge.login(text, text, text, text, text, text, boolean) to anon;
