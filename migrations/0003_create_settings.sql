-- Configuration that changes without a deployment: quotas, retention, switches. Read inside SQL by `edge.setting`, never
-- by an extra call. A key that this release does not know may be stored; a value that it would stumble over may not.

create table public.settings (
  key text primary key check (key ~ '^[a-z][a-z0-9_.]{0,62}$'),
  value jsonb not null check (octet_length(value::text) <= 16384),
  updated_by uuid,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  -- The documents promise 90 days; a legal hold may lengthen that, nothing may shorten it.
  constraint settings_retention_days_range check (
    case when key = 'retention_days'
      then coalesce(value::text ~ '^[0-9]{2,4}$' and value::text::int between 90 and 3650, false) else true end
  ),
  constraint settings_verify_first_boolean check (
    case when key = 'verify_first' then jsonb_typeof(value) = 'boolean' else true end
  ),
  constraint settings_scenes_per_day_by_tier check (
    case when key = 'scenes_per_day'
      then coalesce(
        value ->> 'FREE' ~ '^[0-9]{1,6}$' and value ->> 'PREMIUM' ~ '^[0-9]{1,6}$'
        and jsonb_typeof(value -> 'FREE') = 'number' and jsonb_typeof(value -> 'PREMIUM') = 'number', false)
      else true end
  )
);

create trigger settings_touch before update on public.settings for each row execute function edge.touch();

alter table public.settings enable row level security;
revoke all on public.settings from public, anon, authenticated;
grant select, insert, update, delete on public.settings to service;
grant select on public.settings to edge_owner;
create policy settings_service on public.settings for all to service, edge_owner using (true) with check (true);

insert into public.settings (key, value, created_at, updated_at)
select key, value, statement_timestamp(), statement_timestamp()
from (values
  ('verify_first', 'false'::jsonb),
  ('retention_days', '90'),
  ('scenes_per_day', '{"FREE": 20, "PREMIUM": 200}')
) as defaults (key, value);

set role edge_owner;

create function edge.setting(name text) returns jsonb
language sql stable parallel safe security definer set search_path = ''
as $$ select s.value from public.settings s where s.key = name $$;

reset role;
