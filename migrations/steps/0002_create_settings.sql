-- Configuration that changes without a deployment: quotas, retention, switches. Statements read a value inside SQL by
-- `edge.setting`; no request makes an extra call for it.
--
-- A setting is made by `settings.sql`, with the bounds that its readers rely on. An administrator changes its value, and
-- the next statement that reads it sees the new one. A key that this release does not know may be stored; a
-- value that this release would stumble over may not.
--
-- The value of a secret setting can be written and never read again: not in answers, not in the history.
--
-- An entitlement is a setting by tier: {"FREE": 10, "PREMIUM": 100}.

create table public.settings (
  key text primary key check (key ~ '^[a-z][a-z0-9_.]{0,62}$'),
  value jsonb not null check (octet_length(value::text) <= 16384),
  updated_by uuid,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  is_secret boolean not null default false,
  -- What the setting is, and which values its readers can work with (JSON Schema, `edge.is_valid`): `settings.sql` says.
  about text not null default '',
  schema jsonb not null default '{}',
  constraint settings_value_valid check (edge.is_valid(value, schema))
);

alter table public.settings enable row level security;
revoke all on public.settings from public, anon, authenticated;
