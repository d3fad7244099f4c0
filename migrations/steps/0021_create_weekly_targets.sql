-- How many days of a week a person means to do; seven, "every day", where they never said.
--
-- A target holds from the week in which it was set (Monday to Sunday); weeks that are over keep the one that they had.

create table public.weekly_targets (
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  -- The Monday of the first week that it holds for.
  week date not null check (extract(isodow from week) = 1),
  target smallint not null check (target between 1 and 7),
  primary key (user_id, week)
);

alter table public.weekly_targets enable row level security;
revoke all on public.weekly_targets from public, anon, authenticated;
