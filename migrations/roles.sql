-- Who may connect, what each connection may become, and what nobody gets by default.
--
-- Two logins exist because two kinds of work exist. `oree_person` serves requests made by people: it may become `anon`
-- or `authenticated` and nothing else. `oree_service` serves cron, webhooks and administration: it may become
-- `service`. Both are NOINHERIT, so that a login that has not entered a request can do nothing but enter one. Their
-- passwords are not here: the runner sets them.
--
-- `anon` and `authenticated` carry Supabase's names on purpose: on a Supabase database the same roles are used, and
-- policies written there keep their meaning. Its `authenticator` and `service_role` are never touched or used.
--
-- `edge_owner` owns the schema `edge` and runs its SECURITY DEFINER functions. No role has BYPASSRLS, because hosted
-- PostgreSQL cannot create one: `edge_owner` and `service` are named in explicit policies instead.
--
-- Roles belong to the whole server, so each statement looks first and survives another database doing the same right
-- now. The file comes before every other one and may run again at any time. PostgreSQL 16 stores inheritance per grant
-- and gives a role's creator no way to use it; 15 knows neither option.

do $$
declare
  per_grant constant boolean := current_setting('server_version_num')::int >= 160000;
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service', 'nologin noinherit'),
      ('edge_owner', 'nologin noinherit'),
      ('oree_person', 'login noinherit'),
      ('oree_service', 'login noinherit')
    ) as roles (name, attributes)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I %s', wanted.name, wanted.attributes);
      exception when duplicate_object or unique_violation then
        null;
      end;
    end if;
  end loop;

  for wanted in
    select *
    from (values
      ('anon', 'oree_person', false),
      ('authenticated', 'oree_person', false),
      ('service', 'oree_service', false),
      ('edge_owner', current_user::text, true)
    ) as memberships (role, member, inherit)
  loop
    -- A superuser passes both tests for every role, and needs no grant.
    continue when pg_has_role(wanted.member, wanted.role, case when wanted.inherit then 'usage' else 'member' end)
      and (not per_grant or pg_has_role(wanted.member, wanted.role, 'set'));
    begin
      execute format('grant %I to %I', wanted.role, wanted.member)
        || case when per_grant then format(' with inherit %s, set true', wanted.inherit::text) else '' end;
    exception
      when unique_violation then
        null;
      when insufficient_privilege then
        raise insufficient_privilege using
          message = format('%s may not grant the role %s to %s', current_user, wanted.role, wanted.member),
          hint = format('As a role that may: grant %I to %I with admin option', wanted.role, current_user);
    end;
  end loop;

  execute format('grant connect on database %I to oree_person, oree_service', current_database());
end
$$;

-- The schema `edge` holds everything of ours that is not a table of the products.
create schema if not exists edge authorization edge_owner;
grant usage on schema edge to oree_person, oree_service, anon, authenticated, service;
grant usage on schema public to anon, authenticated, service, edge_owner;

-- Functions are executable by PUBLIC unless that default is revoked, which a role can only do for what it will create:
-- the migrating role and `edge_owner` both do. Identity columns need no right on their sequence, and Supabase gives
-- people one on every sequence by default: with it, anyone who could run a statement might move the next id.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated;

set role edge_owner;
alter default privileges revoke execute on functions from public;
reset role;
