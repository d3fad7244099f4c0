-- The schema `edge`: everything of ours that is not a table of the products.
--
-- Every request is one transaction that starts with `edge.enter` (0006), which leaves what it learnt in
-- transaction-local settings. The functions here read them. They are plain SQL without a SET clause, so that the
-- planner inlines them: a policy that says `(select edge.uid()) = user_id` costs one settings look-up per statement.
--
-- Time is part of the request. `edge.now()` is the moment that the edge wrote into it and never the server's clock, so
-- that streaks, expiry and retention can be driven by tests through the whole system; outside a request it raises.
--
-- Functions are executable by PUBLIC unless that default is revoked, which only a role can do for what it will create.

create schema edge authorization edge_owner;
grant usage on schema edge to oree_person, oree_service, anon, authenticated, service;
grant usage on schema public to anon, authenticated, service, edge_owner;
alter default privileges revoke execute on functions from public;

set role edge_owner;
alter default privileges revoke execute on functions from public;

-- The person of this request, null when nobody is signed in.
create function edge.uid() returns uuid
language sql stable parallel safe
return nullif(current_setting('oree.uid', true), '')::uuid;

-- The session of this request, null when nobody is signed in.
create function edge.session() returns uuid
language sql stable parallel safe
return nullif(current_setting('oree.session', true), '')::uuid;

-- The application role of this request: `anon`, `user`, `manager`, `admin` or `service`.
create function edge.role() returns text
language sql stable parallel safe
return coalesce(nullif(current_setting('oree.role', true), ''), 'anon');

-- One claim as text, for example `edge.claim('request_id')`.
create function edge.claim(name text) returns text
language sql stable parallel safe
return nullif(current_setting('oree.claims', true), '')::jsonb ->> name;

-- True for requests of cron, webhooks and administration. The login says so, not the claims.
create function edge.is_service() returns boolean
language sql stable parallel safe
return session_user = 'oree_service';

create function edge.no_time() returns timestamptz
language plpgsql stable parallel safe
as $$
begin
  raise exception using errcode = 'OR500', message = 'time_not_injected',
    hint = 'Begin the transaction with edge.enter(claims, now), or by hand with set_config(''oree.now'', …, true).';
end
$$;

-- The moment of this request.
create function edge.now() returns timestamptz
language sql stable parallel safe
return coalesce(nullif(current_setting('oree.now', true), '')::timestamptz, edge.no_time());

-- Today's date where the person of this request lives; in UTC when nobody is signed in.
create function edge.today() returns date
language sql stable parallel safe
return (edge.now() at time zone coalesce(nullif(current_setting('oree.time_zone', true), ''), 'UTC'))::date;

-- Keeps `updated_at` and `version` of a changed row. `version` exists beside the time because two changes can carry the
-- same moment, and an ETag must tell them apart.
create function edge.touch() returns trigger
language plpgsql
as $$
begin
  new.updated_at := edge.now();
  new.version := old.version + 1;
  return new;
end
$$;

-- For tables that only grow.
create function edge.refuse_change() returns trigger
language plpgsql
as $$
begin
  raise exception using errcode = 'OR409', message = 'append_only', table = tg_table_name, schema = tg_table_schema;
end
$$;

-- True for an IANA time zone that this server knows. The pattern comes first because PostgreSQL takes any word followed
-- by a number for a POSIX zone: 'Europe/Pari+5' would be accepted.
create function edge.is_time_zone(name text) returns boolean
language plpgsql immutable
as $$
begin
  if name !~ '^(UTC|Etc/GMT[+-]?[0-9]{1,2}|[A-Z][A-Za-z]+(/[A-Za-z_-]+){1,2})$' then
    return false;
  end if;
  perform timestamptz '2000-01-01 00:00+00' at time zone name;
  return true;
exception when invalid_parameter_value then
  return false;
end
$$;

grant execute on function
  edge.uid(), edge.session(), edge.role(), edge.claim(text), edge.no_time(), edge.now(), edge.today(),
  edge.is_time_zone(text)
  to anon, authenticated, service;

reset role;
