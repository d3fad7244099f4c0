-- Every change of a setting that an administrator has made: one row per version, with the value from then on.

create table public.settings_history (
  id bigint generated always as identity primary key,
  key text not null references public.settings (key) on delete cascade,
  version integer not null,
  -- Null for a secret.
  value jsonb,
  changed_by uuid,
  changed_at timestamptz not null default edge.now()
);

create index settings_history_key_idx on public.settings_history (key, version desc);

alter table public.settings_history enable row level security;
revoke all on public.settings_history from public, anon, authenticated;
revoke all on sequence public.settings_history_id_seq from public, anon, authenticated;
