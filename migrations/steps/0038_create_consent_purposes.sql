-- What people may be asked to consent to. An area declares its purposes in a step of its own, one row per version of the text
-- that people read; the latest version is the one in force, and a new one asks everybody anew: mending a comma needs none.

create table public.consent_purposes (
  purpose text not null check (purpose ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
  version integer not null check (version >= 1),
  text_fr text not null,
  text_en text not null,
  primary key (purpose, version)
);

alter table public.consent_purposes enable row level security;
revoke all on public.consent_purposes from public, anon, authenticated;
