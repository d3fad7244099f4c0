-- Sitting for a planned time. `duration` is what was planned, in seconds; the documents' `completed` and `completed_duration` follow
-- from the state.

create table public.meditation_sessions (
  like parts.session_template including all,
  technique text not null check (technique in ('mindfulness', 'body-scan', 'loving-kindness', 'breath-focus', 'visualization', 'mantra', 'breathing')),
  duration integer not null check (duration between 60 and 3600),
  completed boolean generated always as (state = 'completed') stored,
  completed_duration integer generated always as (case when state = 'completed' then duration_seconds end) stored,
  with_guidance boolean not null default false,
  with_music boolean not null default false,
  config jsonb not null default '{}' check (pg_column_size(config) <= 8192),
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.meditation_sessions enable row level security;
revoke all on public.meditation_sessions from public, anon, authenticated;
