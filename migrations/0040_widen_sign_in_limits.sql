-- Brute force has three shapes: one network trying one address, many networks trying one address, one network trying
-- many addresses. Each has a counter, and each makes only the guilty wait:
--
--   counter                        waits from   first wait   longest
--   e-mail and network             5th failure  30 s         15 min
--   e-mail, whatever the network   20th         30 s         15 min
--   network, whatever the e-mail   100th        30 s         1 h
--
-- Failures count within an hour of the one before, and each failure doubles the wait. A network from which the account
-- has signed in during the last 90 days is known to it, and only the first counter holds there: whoever attacks an
-- account from elsewhere cannot lock its owner out. An address without account has no known network and otherwise the
-- same counters, so waiting tells nothing. An asterisk stands for "whatever".

set role edge_owner;

-- What hashes in this table are made of.
create function edge.address_hash(email text) returns text
language sql immutable set search_path = ''
as $$ select encode(sha256(convert_to(lower(btrim(email)), 'UTF8')), 'hex') $$;

-- How long a sign-in as `person` (null for nobody) under an address must still wait in this network; null or negative
-- where it need not.
create function edge.sign_in_wait(email_hash text, ip text, person uuid) returns interval
language sql stable security definer set search_path = ''
as $$
  select max(f.locked_until) - edge.now()
  from public.login_failures f
  where (f.email_hash, f.ip) = (sign_in_wait.email_hash, sign_in_wait.ip)
    or (f.email_hash, f.ip) in ((sign_in_wait.email_hash, '*'), ('*', sign_in_wait.ip))
      and not exists (
        select from public.user_sessions s
        where s.user_id = sign_in_wait.person and s.ip = sign_in_wait.ip
          and s.created_at > edge.now() - interval '90 days')
$$;

-- Counts a failed sign-in. Rows are taken in one order, so that two failures at once cannot lock each other.
create or replace function edge.count_login_failure(email_hash text, ip text) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.login_failures as f (email_hash, ip, failures)
  values
    (count_login_failure.email_hash, count_login_failure.ip, 1),
    (count_login_failure.email_hash, '*', 1),
    ('*', count_login_failure.ip, 1)
  on conflict (email_hash, ip) do update
  set failures = case when f.failed_at < edge.now() - interval '1 hour' then 1 else f.failures + 1 end,
    failed_at = edge.now(),
    locked_until = (
      select edge.now() + make_interval(secs => least(30 * 2 ^ least(f.failures + 1 - free, 10), longest))
      from (select
        case when f.email_hash = '*' then 100 when f.ip = '*' then 20 else 5 end as free,
        case when f.email_hash = '*' then 3600 else 900 end as longest) as counter
      where f.failed_at >= edge.now() - interval '1 hour' and f.failures + 1 >= free)
$$;

create or replace function edge.login(
  email text, password text, refresh_hash text, device text default null, legacy_password text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := edge.address_hash(login.email);
  source constant text := coalesce(edge.claim('ip'), '');
  -- An account that does not exist costs as much time as one that does.
  nobody constant text := '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny';
  wait interval;
  person public.users;
  is_right boolean;
begin
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

reset role;
