-- Two ways around what guards passwords.
--
-- Guesses at once all read the wait before any of them was counted. Now attempts at an account stand in line: each holds a
-- lock from before it reads the wait until it has been counted. The line is short, for an attempt that must wait ends
-- without hashing. A network stands in line only when half of what is free to it is used up: more than the other half is
-- never under way at once, and people who share a network do not wait for each other.
--
-- And the own address was refused as a password at registration only, for nobody else knew it. `edge.reset_address` tells
-- it to whoever has the link that was sent there.

set role edge_owner;

-- Waits until attempts at this address, and from this network where it has failed often, have been counted. The order of
-- the locks is the same everywhere, and the same whether or not the address has an account.
create function edge.await_turn(email_hash text, source text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('sign-in ' || await_turn.email_hash, 0));
  if exists (
    select from public.login_failures f
    where f.email_hash = '*' and f.ip = await_turn.source and f.failures >= 50
      and f.failed_at > edge.now() - interval '1 hour')
  then
    perform pg_advisory_xact_lock(hashtextextended('sign-in from ' || await_turn.source, 0));
  end if;
end
$$;

create or replace function edge.login(
  email text, password text, refresh_hash text, device text default null, legacy_password text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := edge.address_hash(login.email);
  source constant text := coalesce(edge.claim('ip'), '');
  wait interval;
  person public.users;
begin
  perform edge.await_turn(digest, source);
  select u.* into person
  from public.users u
  where lower(u.email) = lower(btrim(login.email)) and u.deleted_at is null;
  wait := edge.sign_in_wait(digest, source, person.id);
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
    password_hash = case when person.password_is_legacy or edge.bcrypt_cost_of(person.password_hash) <> edge.bcrypt_cost()
      then edge.bcrypt_hash(login.password) else u.password_hash end,
    password_is_legacy = false
  where u.id = person.id
  returning u.* into person;
  perform edge.audit_as(person.id, 'auth.login', '{}');
  return jsonb_build_object('outcome', 'ok', 'person', edge.person_json(person),
    'session', edge.open_session(person.id, login.refresh_hash, login.device));
end
$$;

-- Whether the person of this request typed their own password. Null if so, else `wrong_password` or `locked`
-- {retry_after_s}: who has only a session cannot try passwords faster than at the front door.
create or replace function edge.refuse_password(password text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := (select edge.address_hash(u.email) from public.users u where u.id = edge.uid());
  source constant text := coalesce(edge.claim('ip'), '');
  person public.users;
  wait interval;
begin
  perform edge.await_turn(digest, source);
  select u.* into person from public.users u where u.id = edge.uid();
  wait := edge.sign_in_wait(digest, source, person.id);
  if wait > interval '0' then
    return jsonb_build_object('outcome', 'locked', 'retry_after_s', ceil(extract(epoch from wait))::int);
  elsif person.password_is_legacy or not edge.bcrypt_matches(refuse_password.password, person.password_hash) then
    perform edge.count_login_failure(digest, source), edge.audit('auth.password_refused');
    return jsonb_build_object('outcome', 'wrong_password');
  end if;
  return null;
end
$$;

-- The address that a link to choose a new password went to; null where the link opens nothing.
create function edge.reset_address(token_hash text) returns text
language sql stable security definer set search_path = ''
as $$
  select t.email
  from public.user_tokens t
  where t.hash = reset_address.token_hash and t.purpose = 'password_reset' and t.user_id is not null and t.used_at is null
    and t.expires_at > edge.now()
$$;

grant execute on function edge.reset_address(text) to anon;

reset role;
