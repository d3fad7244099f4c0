-- Accounts as their owners and as administrators change them. An administrator may do for anybody what the owner may,
-- and some things that no owner may; each time somebody else's data is used, the log says by whom.
--
-- An erased account is closed at once and its rows are deleted after a grace period, in which an administrator can
-- restore it. Every table of a person's data deletes with its row in `users`.

insert into public.settings (key, value, created_at, updated_at)
values ('erasure_grace_days', '30', statement_timestamp(), statement_timestamp());

alter table public.settings add constraint settings_erasure_grace_days_range check (
  case when key = 'erasure_grace_days'
    then coalesce(value::text ~ '^[0-9]{1,2}$' and value::text::int between 1 and 90, false) else true end
);

create index users_deleted_idx on public.users (deleted_at) where deleted_at is not null;

set role edge_owner;

create function edge.is_admin() returns boolean
language sql stable parallel safe
return edge.role() = 'admin';

-- Passes the owner of `person`'s data, and administrators with a row in the log. Raises `OR403 forbidden` for others.
create function edge.act_for(person uuid, action text, metadata jsonb default '{}') returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if act_for.person = edge.uid() then
    return;
  elsif not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.audit(act_for.action, jsonb_build_object('subject', act_for.person) || act_for.metadata);
end
$$;

-- What administrators and owners see of an account.
create function edge.account_json(person public.users) returns jsonb
language sql stable set search_path = ''
as $$
  select edge.person_json(person) || jsonb_build_object(
    'is_active', person.is_active, 'is_banned', person.is_banned, 'deleted_at', person.deleted_at)
$$;

-- Null where there is no such account.
create function edge.read_account(person uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform edge.act_for(read_account.person, 'accounts.read');
  return (select edge.account_json(u) from public.users u where u.id = read_account.person);
end
$$;

-- Accounts whose e-mail or name contains `search`, newest first, after one of them. For administrators.
create function edge.list_accounts(
  search text, state text, after_created_at timestamptz, after_id uuid, max integer
) returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.audit('accounts.listed',
    jsonb_strip_nulls(jsonb_build_object('searched', list_accounts.search is not null, 'state', list_accounts.state)));
  return query
  select edge.account_json(u)
  from public.users u
  where (list_accounts.search is null or position(lower(list_accounts.search) in lower(u.email)) > 0
      or position(lower(list_accounts.search) in lower(u.name)) > 0)
    and (list_accounts.state is null or list_accounts.state = case
      when u.deleted_at is not null then 'erased' when u.is_banned then 'banned'
      when not u.is_active then 'inactive' else 'active' end)
    and (list_accounts.after_id is null
      or (u.created_at, u.id) < (list_accounts.after_created_at, list_accounts.after_id))
  order by u.created_at desc, u.id desc
  limit list_accounts.max;
end
$$;

-- An account that an administrator opens. Its person chooses the password by the link in the letter, so nobody else ever
-- knows it. Outcomes: `created` {person, outbox}; `email_taken`.
create function edge.create_account(details jsonb, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  nobody constant text := '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny';
  person public.users;
begin
  if not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  insert into public.users (email, password_hash, name, phone, country, locale, time_zone, role, tier)
  values (lower(btrim(details ->> 'email')), nobody, details ->> 'name', details ->> 'phone', details ->> 'country',
    coalesce(details ->> 'locale', 'fr'), coalesce(details ->> 'time_zone', 'Europe/Paris'),
    coalesce(details ->> 'role', 'user'), coalesce(details ->> 'tier', 'FREE'))
  on conflict (lower(email)) do nothing
  returning * into person;
  if person.id is null then
    return jsonb_build_object('outcome', 'email_taken');
  end if;
  perform edge.audit('accounts.created', jsonb_build_object('subject', person.id));
  perform edge.issue_token(person.id, 'password_reset', person.email, create_account.token_hash, interval '7 days');
  return jsonb_build_object('outcome', 'created', 'person', edge.account_json(person),
    'outbox', jsonb_build_array(edge.mail(person.id, 'invitation', person.email, person.locale, create_account.link)));
end
$$;

-- Changes the given columns; an empty text takes a name, phone or country away. Role, tier, activity, ban and
-- restoration are an administrator's, for others only: nobody raises their own rights, and no last administrator shuts
-- themselves out. Outcomes: `ok` {person}; `empty`; `not_found`; `stale`. Raises `OR403 forbidden`.
create function edge.change_account(person uuid, changes jsonb, if_version text default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  fields constant jsonb := (select jsonb_agg(key) from jsonb_object_keys(changes) as key);
  found public.users;
begin
  perform edge.act_for(change_account.person, 'accounts.changed', jsonb_build_object('fields', fields));
  if fields is null then
    return jsonb_build_object('outcome', 'empty');
  end if;
  if changes ?| array['role', 'tier', 'is_active', 'is_banned', 'restore'] and change_account.person = edge.uid() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  select u.* into found from public.users u where u.id = change_account.person for update;
  if found.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif found.version::text <> change_account.if_version then
    return jsonb_build_object('outcome', 'stale');
  end if;

  update public.users u
  set name = case when changes ? 'name' then nullif(changes ->> 'name', '') else u.name end,
    phone = case when changes ? 'phone' then nullif(changes ->> 'phone', '') else u.phone end,
    country = case when changes ? 'country' then nullif(changes ->> 'country', '') else u.country end,
    locale = coalesce(changes ->> 'locale', u.locale),
    time_zone = coalesce(changes ->> 'time_zone', u.time_zone),
    role = coalesce(changes ->> 'role', u.role),
    tier = coalesce(changes ->> 'tier', u.tier),
    is_active = coalesce((changes ->> 'is_active')::boolean, u.is_active),
    is_banned = coalesce((changes ->> 'is_banned')::boolean, u.is_banned),
    deleted_at = case when (changes ->> 'restore')::boolean then null else u.deleted_at end
  where u.id = found.id
  returning u.* into found;
  if found.is_banned or not found.is_active then
    perform edge.revoke_sessions(found.id, 'administration');
  end if;
  return jsonb_build_object('outcome', 'ok', 'person', edge.account_json(found));
end
$$;

-- Closes an account now, to be deleted after the grace period. Outcomes: `ok` {erased_at}, also when repeated;
-- `not_found`. The letter is left to the next tick: the session that asked, and would settle it, ends here.
create function edge.erase_account(person uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  grace constant interval := make_interval(days => coalesce((edge.setting('erasure_grace_days') #>> '{}')::int, 30));
  found public.users;
begin
  perform edge.act_for(erase_account.person, 'accounts.erased');
  select u.* into found from public.users u where u.id = erase_account.person for update;
  if found.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif found.deleted_at is null then
    update public.users u set deleted_at = edge.now() where u.id = found.id;
    perform edge.revoke_sessions(found.id, 'erasure'),
      edge.spend_tokens(found.id, array['email_verification', 'email_change', 'password_reset']),
      edge.audit_as(found.id, 'accounts.erasure_asked', '{}'),
      edge.mail(found.id, 'erasure', found.email, found.locale);
  end if;
  return jsonb_build_object('outcome', 'ok', 'erased_at', coalesce(found.deleted_at, edge.now()) + grace);
end
$$;

-- Deletes what is due: accounts after their grace period, with letters that are still on their way to them, and links a
-- day after their end. Returns `ok` {accounts, links, more}.
create function edge.erase_due(batch integer default 100) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  grace constant interval := make_interval(days => coalesce((edge.setting('erasure_grace_days') #>> '{}')::int, 30));
  due constant uuid[] := array(
    select u.id from public.users u where u.deleted_at <= edge.now() - grace
    order by u.deleted_at limit erase_due.batch for update skip locked);
  links integer;
begin
  delete from public.outbox o where o.user_id = any (due) and o.kind = 'mail';
  delete from public.users u where u.id = any (due);
  delete from public.user_tokens t where t.hash = any (array(
    select d.hash from public.user_tokens d where d.expires_at < edge.now() - interval '1 day'
    order by d.expires_at limit erase_due.batch * 10 for update skip locked));
  get diagnostics links = row_count;
  if cardinality(due) > 0 then
    perform edge.audit('accounts.deleted', jsonb_build_object('accounts', cardinality(due)));
  end if;
  return jsonb_build_object('outcome', 'ok', 'accounts', cardinality(due), 'links', links,
    'more', cardinality(due) >= erase_due.batch or links >= erase_due.batch * 10);
end
$$;

grant execute on function
  edge.read_account(uuid),
  edge.list_accounts(text, text, timestamptz, uuid, integer),
  edge.create_account(jsonb, text, text),
  edge.change_account(uuid, jsonb, text),
  edge.erase_account(uuid)
  to authenticated;
grant execute on function edge.erase_due(integer) to service;

reset role;
