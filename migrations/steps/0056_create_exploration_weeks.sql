-- Weeks of Aube as administrators see them: for each type of event the share of people who had one, among those who had any. Each
-- week is computed once and kept.

create table public.exploration_weeks (
  -- Its Monday.
  week date not null,
  type text not null,
  -- Who had any event, rounded down to tens; null where fewer than the smallest group.
  people integer,
  share numeric,
  created_at timestamptz not null default edge.now(),
  primary key (week, type)
);

alter table public.exploration_weeks enable row level security;
revoke all on public.exploration_weeks from public, anon, authenticated;
