-- What a password hash costs is a setting: `bcrypt_cost`, 10 to 14, each step twice the time of the one before. A change
-- holds from the next sign-in on: a hash of another cost is verified as it is and then made anew.
--
-- Hashes of several costs live side by side meanwhile, and the time of a refusal must not tell them apart, nor from an
-- address without account. Comparing at cost c takes 2^c steps, so one that is cheaper than today's is followed by idle
-- ones that make up for it exactly: 2^c + 2^c + 2^(c+1) + … + 2^(n-1) = 2^n.

insert into public.settings (key, value, created_at, updated_at)
values ('bcrypt_cost', '10', statement_timestamp(), statement_timestamp());

alter table public.settings add constraint settings_bcrypt_cost_range check (
  case when key = 'bcrypt_cost' then coalesce(value::text ~ '^1[0-4]$', false) else true end
);

-- As in 0007: only the place where pgcrypto lives is filled in.
do $$
declare
  home constant text := (
    select n.nspname from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'pgcrypto'
  );
begin
  execute format(
    $body$
      create function edge.bcrypt_hash_at(secret text, cost integer) returns text language sql volatile
      return %I.crypt(secret, %1$I.gen_salt('bf', cost))
    $body$, home);
end
$$;

alter function edge.bcrypt_hash_at(text, integer) owner to edge_owner;

set role edge_owner;

create function edge.bcrypt_cost() returns integer
language sql stable set search_path = ''
as $$ select coalesce((edge.setting('bcrypt_cost') #>> '{}')::int, 10) $$;

create or replace function edge.bcrypt_hash(secret text) returns text
language sql volatile set search_path = ''
as $$ select edge.bcrypt_hash_at(secret, edge.bcrypt_cost()) $$;

-- A hash of that cost, of nothing that anybody knows.
create function edge.bcrypt_stand_in(cost integer) returns text
language sql immutable set search_path = ''
as $$ select '$2a$' || lpad(cost::text, 2, '0') || '$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny' $$;

create function edge.bcrypt_cost_of(hash text) returns integer
language sql immutable set search_path = ''
as $$ select substr(hash, 5, 2)::int $$;

-- Whether `hash` (null for nobody's) is of this secret, in the time that today's cost takes.
create function edge.password_matches(secret text, hash text) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  today constant integer := edge.bcrypt_cost();
  compared constant text := coalesce(hash, edge.bcrypt_stand_in(today));
  matches constant boolean := edge.bcrypt_matches(secret, compared);
begin
  for idle in edge.bcrypt_cost_of(compared) .. today - 1 loop
    perform edge.bcrypt_matches(secret, edge.bcrypt_stand_in(idle));
  end loop;
  return matches;
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

reset role;
