-- A network is shared: whoever guessed from a person's own network locked them out, and at home on another network their
-- browser was a stranger. So a browser is known by a cookie of 32 random bytes, of which only a hash is kept. What comes
-- from a browser that an account knows, and what comes from an open session, is judged by a counter of its own: its first
-- five guesses are free, as a network's are, and nobody else's guesses stand in its way. A cookie opens nothing; without one,
-- all is as before. (The idea is OWASP's, "Slow Down Online Guessing Attacks with Device Cookies".)
--
-- Browsers and networks are known for 90 days from the last sign-in, whatever becomes of the sessions.

create table public.sign_in_sources (
  user_id uuid not null references public.users (id) on delete cascade,
  -- A network, as in the log, or `device ` and the first half of the SHA-256 of a cookie.
  source text not null check (octet_length(source) between 1 and 64),
  seen_at timestamptz not null default edge.now(),
  primary key (user_id, source)
);

create index sign_in_sources_seen_idx on public.sign_in_sources (seen_at);

alter table public.sign_in_sources enable row level security;
revoke all on public.sign_in_sources from public, anon, authenticated;
grant select on public.sign_in_sources to authenticated;
grant select, insert, update, delete on public.sign_in_sources to edge_owner;
create policy sign_in_sources_owner on public.sign_in_sources for select to authenticated
  using ((select edge.uid()) = user_id);
create policy sign_in_sources_edge_owner on public.sign_in_sources for all to edge_owner using (true) with check (true);

insert into public.sign_in_sources (user_id, source, seen_at)
select s.user_id, s.ip, max(s.created_at)
from public.user_sessions s
where s.ip <> '' and s.created_at > statement_timestamp() - interval '90 days'
group by s.user_id, s.ip;

set role edge_owner;

create function edge.device_source(device_hash text) returns text
language sql immutable set search_path = ''
as $$ select 'device ' || left(device_hash, 32) $$;

-- Whether somebody (null for nobody) has signed in from there within 90 days.
create function edge.knows_source(person uuid, source text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.sign_in_sources s
    where s.user_id = knows_source.person and s.source = knows_source.source
      and s.seen_at > edge.now() - interval '90 days')
$$;

-- Written once an hour at most: a session that is open prolongs its browser with every refresh.
create function edge.remember_source(person uuid, source text) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.sign_in_sources as s (user_id, source)
  select remember_source.person, remember_source.source
  where remember_source.source <> ''
  on conflict (user_id, source) do update set seen_at = edge.now() where s.seen_at < edge.now() - interval '1 hour'
$$;

create or replace function edge.open_session(person uuid, refresh_hash text, device text) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select edge.remember_source(open_session.person, edge.claim('ip'));
  insert into public.user_sessions (user_id, refresh_hash, device, ip, expires_at)
  values (open_session.person, open_session.refresh_hash, open_session.device, edge.claim('ip'),
    edge.now() + interval '30 days')
  returning edge.session_json(user_sessions)
$$;

-- Waits until attempts at this address from the same source have been counted: from a known device or session (`is_own`)
-- those alone, else all at the address, and from a network that has failed often all of that as well. The order of the locks
-- is the same everywhere, and the same whether or not the address has an account.
drop function edge.await_turn(text, text);
create function edge.await_turn(email_hash text, source text, is_own boolean) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(
    'sign-in ' || await_turn.email_hash || case when is_own then await_turn.source else '' end, 0));
  if not is_own and exists (
    select from public.login_failures f
    where f.email_hash = '*' and f.ip = await_turn.source and f.failures >= 50
      and f.failed_at > edge.now() - interval '1 hour')
  then
    perform pg_advisory_xact_lock(hashtextextended('sign-in from ' || await_turn.source, 0));
  end if;
end
$$;

-- How long a sign-in under an address must still wait there; null or negative where it need not. Where the source is known
-- to the account, only its own counter holds.
drop function edge.sign_in_wait(text, text, uuid);
create function edge.sign_in_wait(email_hash text, source text, is_known boolean) returns interval
language sql stable security definer set search_path = ''
as $$
  select max(f.locked_until) - edge.now()
  from public.login_failures f
  where (f.email_hash, f.ip) = (sign_in_wait.email_hash, sign_in_wait.source)
    or not is_known
      and (f.email_hash, f.ip) in ((sign_in_wait.email_hash, '*'), ('*', sign_in_wait.source))
$$;

-- Counts a failed sign-in: for a known device or session (`is_own`) by its own counter, else by all three. Rows are taken in
-- one order, so that two failures at once cannot lock each other.
drop function edge.count_login_failure(text, text);
create function edge.count_login_failure(email_hash text, source text, is_own boolean) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.login_failures as f (email_hash, ip, failures)
  select c.email_hash, c.ip, 1
  from (values
    (1, count_login_failure.email_hash, count_login_failure.source, true),
    (2, count_login_failure.email_hash, '*', not is_own),
    (3, '*', count_login_failure.source, not is_own)) as c (place, email_hash, ip, counts)
  where c.counts
  order by c.place
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

-- As before, with `device_hash`, of the cookie that the browser has from now on.
drop function edge.login(text, text, text, text, text);
create function edge.login(
  email text, password text, refresh_hash text, device text default null, legacy_password text default null,
  device_hash text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := edge.address_hash(login.email);
  person public.users;
  source text := edge.device_source(login.device_hash);
  is_own boolean;
  wait interval;
begin
  select u.* into person
  from public.users u
  where lower(u.email) = lower(btrim(login.email)) and u.deleted_at is null;
  is_own := edge.knows_source(person.id, source);
  source := case when is_own then source else coalesce(edge.claim('ip'), '') end;
  perform edge.await_turn(digest, source, is_own);
  -- Whoever was ahead may have changed it.
  select u.* into person from public.users u where u.id = person.id and u.deleted_at is null;
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
  perform edge.remember_source(person.id, edge.device_source(login.device_hash)),
    edge.audit_as(person.id, 'auth.login', '{}');
  return jsonb_build_object('outcome', 'ok', 'person', edge.person_json(person),
    'session', edge.open_session(person.id, login.refresh_hash, login.device));
end
$$;

-- As before, with `device_hash` as in `edge.login`.
drop function edge.sign_up(text, text, text, text, text, text, text, text, text);
create function edge.sign_up(
  email text, password text, refresh_hash text, token_hash text, link text,
  name text default null, locale text default 'fr', time_zone text default 'Europe/Paris', device text default null,
  device_hash text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known constant uuid := (select u.id from public.users u where lower(u.email) = lower(btrim(sign_up.email)));
  result constant jsonb := edge.register(
    email => sign_up.email, password => sign_up.password, refresh_hash => sign_up.refresh_hash, name => sign_up.name,
    locale => sign_up.locale, time_zone => sign_up.time_zone, device => sign_up.device);
  person public.users;
  is_granted boolean;
begin
  if result ->> 'outcome' = 'email_taken' then
    return result || jsonb_build_object('outbox', '[]'::jsonb);
  end if;
  select u.* into person from public.users u where lower(u.email) = lower(btrim(sign_up.email));
  if result ->> 'outcome' = 'created' then
    perform edge.remember_source(person.id, edge.device_source(sign_up.device_hash));
  end if;
  is_granted := edge.issue_token(
    case when person.deleted_at is null then person.id end, 'email_verification', person.email, sign_up.token_hash,
    interval '24 hours');
  return result || jsonb_build_object('outbox', jsonb_build_array(edge.mail(
    person.id,
    case when not is_granted then 'nobody' when known is null then 'email_verification' else 'address_known' end,
    person.email, person.locale, sign_up.link)));
end
$$;

-- As `edge.refresh`, with `device_hash` as in `edge.login`.
create function edge.refresh(old_hash text, new_hashes text[], device text, device_hash text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  result constant jsonb := edge.refresh(
    old_hash => refresh.old_hash, new_hashes => refresh.new_hashes, device => refresh.device);
begin
  if result ->> 'outcome' = 'ok' then
    perform edge.remember_source((result #>> '{person,id}')::uuid, edge.device_source(refresh.device_hash));
  end if;
  return result;
end
$$;

-- Whether the person of this request typed their own password. Null if so, else `wrong_password` or `locked`
-- {retry_after_s}: who has only a session cannot try passwords faster than at the front door. Each session is counted by
-- itself, so that guesses from elsewhere do not keep somebody who is signed in from changing their password.
create or replace function edge.refuse_password(password text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := (select edge.address_hash(u.email) from public.users u where u.id = edge.uid());
  source constant text := 'session ' || edge.session();
  person public.users;
  wait interval;
begin
  perform edge.await_turn(digest, source, true);
  select u.* into person from public.users u where u.id = edge.uid();
  wait := edge.sign_in_wait(digest, source, true);
  if wait > interval '0' then
    return jsonb_build_object('outcome', 'locked', 'retry_after_s', ceil(extract(epoch from wait))::int);
  elsif person.password_is_legacy or not edge.bcrypt_matches(refuse_password.password, person.password_hash) then
    perform edge.count_login_failure(digest, source, true), edge.audit('auth.password_refused');
    return jsonb_build_object('outcome', 'wrong_password');
  end if;
  delete from public.login_failures f where f.email_hash = digest and f.ip = source;
  return null;
end
$$;

create or replace function edge.purge(batch integer default 1000) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  retention_days constant integer := coalesce(edge.setting('retention_days')::text::int, 90);
  rule record;
  gone integer;
  deleted jsonb := '{}';
  more boolean := false;
begin
  for rule in
    select *
    from (values
      ('qa_reports', 'created_at', retention_days),
      ('audit_logs', 'timestamp', retention_days),
      ('outbox', 'created_at', retention_days),
      ('webhook_deliveries', 'received_at', retention_days),
      ('cron_runs', 'due_at', retention_days),
      ('idempotency_keys', 'expires_at', 0),
      ('user_sessions', 'expires_at', 30),
      ('user_session_tokens', 'replaced_at', 30),
      ('login_failures', 'failed_at', 1),
      ('sign_in_sources', 'seen_at', 90),
      -- They hold addresses of people who never answered.
      ('organisation_invitations', 'expires_at', 30)
    ) as rules (relation, since, days)
  loop
    execute format(
      'delete from public.%1$I where ctid = any (array(
         select ctid from public.%1$I where %2$I < $1 order by %2$I limit $2 for update skip locked))',
      rule.relation, rule.since)
    using edge.now() - make_interval(days => rule.days), batch;
    get diagnostics gone = row_count;
    deleted := deleted || jsonb_build_object(rule.relation, gone);
    more := more or gone >= batch;
  end loop;

  perform edge.audit('retention.purged',
    jsonb_build_object('deleted', deleted, 'more', more, 'retention_days', retention_days));
  return jsonb_build_object('outcome', 'ok', 'deleted', deleted, 'more', more, 'retention_days', retention_days);
end
$$;

grant execute on function
  edge.login(text, text, text, text, text, text),
  edge.sign_up(text, text, text, text, text, text, text, text, text, text),
  edge.refresh(text, text[], text, text)
  to anon;

reset role;
