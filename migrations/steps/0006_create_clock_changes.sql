-- The history of people's clocks (`users.time_zone`, `users.day_end_hour`), one row per day with a change: what became
-- of the days after it can be computed at any later time. Two changes on one day are one, from the first clock to the last.

create table public.clock_changes (
  user_id uuid not null references public.users (id) on delete cascade,
  -- The day in progress, and when it ends after all.
  day date not null,
  ends_at timestamptz not null,
  time_zone text not null,
  day_end_hour smallint not null,
  -- The clock by which that day and those before it ran.
  was_time_zone text not null,
  was_day_end_hour smallint not null,
  changed_at timestamptz not null default edge.now(),
  primary key (user_id, day)
);

alter table public.clock_changes enable row level security;
revoke all on public.clock_changes from public, anon, authenticated;
