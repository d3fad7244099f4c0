-- Changes the given columns of a person's account, for its owner or an administrator.
--
-- `changes` holds name, phone, country, locale, time_zone and, for administrators, role, tier, is_active, is_banned and
-- `restore`, which undoes an erasure. An empty text takes a name, phone or country away. What an administrator alone may
-- change they change for others only: nobody raises their own rights, and no last administrator shuts themselves out. A ban,
-- and an account that is no longer active, ends the person's sessions. `if_version` is the version that the caller has seen,
-- null for any.
--
-- Returns the account, as `edge.account_json` has it. Raises `OR404 not_found`, also where an account is to be restored whose
-- grace period is over; `OR412 precondition_failed`; `OR403 forbidden`; and a violated check of `users` with its constraint: `users_name_length`, `users_phone_length`, `users_country_code`,
-- `users_locale_known`, `users_time_zone_known`. What an administrator does for somebody else stands in the audit log, with
-- `metadata.subject`.
create or replace function edge.change_account(person uuid, changes jsonb, if_version text default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found public.users;
begin
  perform edge.act_for(change_account.person, 'accounts.changed',
    jsonb_build_object('fields', (select jsonb_agg(key) from jsonb_object_keys(changes) as key)));
  if changes ?| array['role', 'tier', 'is_active', 'is_banned', 'restore'] and change_account.person = edge.uid() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  select u.* into found from public.users u where u.id = change_account.person for no key update;
  if found.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif (changes ->> 'restore')::boolean and edge.erased_at(found) <= edge.now() then
    -- It is being deleted, and part of it may be gone.
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif not edge.is_version(found.version, change_account.if_version) then
    raise exception using errcode = 'OR412', message = 'precondition_failed';
  end if;

  update public.users u
  set name = case when changes ? 'name' then nullif(changes ->> 'name', '') else u.name end,
    phone = case when changes ? 'phone' then nullif(changes ->> 'phone', '') else u.phone end,
    country = case when changes ? 'country' then nullif(upper(changes ->> 'country'), '') else u.country end,
    locale = coalesce(changes ->> 'locale', u.locale),
    time_zone = coalesce(changes ->> 'time_zone', u.time_zone),
    role = coalesce(changes ->> 'role', u.role),
    tier = coalesce(changes ->> 'tier', u.tier),
    is_active = coalesce((changes ->> 'is_active')::boolean, u.is_active),
    is_banned = coalesce((changes ->> 'is_banned')::boolean, u.is_banned),
    deleted_at = case when (changes ->> 'restore')::boolean then null else u.deleted_at end,
    erases_at = case when (changes ->> 'restore')::boolean then null else u.erases_at end,
    erasure_failed_at = case when (changes ->> 'restore')::boolean then null else u.erasure_failed_at end
  where u.id = found.id
  returning u.* into found;
  if found.is_banned or not found.is_active then
    perform edge.revoke_sessions(found.id, 'administration');
  end if;
  return edge.account_json(found);
end
$$;

grant execute on function edge.change_account(uuid, jsonb, text) to authenticated;
