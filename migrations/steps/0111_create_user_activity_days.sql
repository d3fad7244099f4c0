-- What is kept of activities after ninety days: how many there were of a module on a day, for how many of them (`timed`) it is known
-- how long they took, and how long those took together.

create table public.user_activity_days (
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  date date not null,
  module_name text not null,
  activities integer not null check (activities > 0),
  timed integer not null default 0,
  duration_seconds bigint not null default 0 check (duration_seconds >= 0),
  primary key (user_id, date, module_name),
  constraint user_activity_days_timed check (timed between 0 and activities)
);

alter table public.user_activity_days enable row level security;
revoke all on public.user_activity_days from public, anon, authenticated;
