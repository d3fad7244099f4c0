-- What people did, one row an activity, as it happened: nothing changes it. `session_id` is the session that it tells of, `date` the
-- person's own day.
--
-- Detail stays for ninety days, then a day of a module is one row of `user_activity_days`. So there are at most four months in it, and
-- twelve partitions that come round are enough: `month` is that of `date`, and no partition is ever made while people write.

create table public.user_activities (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  client_id uuid,
  activity_type text not null check (char_length(activity_type) between 1 and 60),
  module_name text not null check (char_length(module_name) between 1 and 60),
  activity_data jsonb not null default '{}' check (pg_column_size(activity_data) <= 8192),
  duration_seconds integer check (duration_seconds between 0 and 90000),
  session_id uuid,
  occurred_at timestamptz not null default edge.now(),
  date date not null,
  month smallint not null,
  created_at timestamptz not null default edge.now(),
  constraint user_activities_month check (month = extract(month from date)),
  constraint user_activities_date_range check (date between '2000-01-01' and '2199-12-31'),
  primary key (id, month),
  constraint user_activities_client_id_key unique (user_id, client_id, month)
) partition by list (month);

do $$
begin
  for month in 1..12 loop
    execute format('create table parts.user_activities_%s partition of public.user_activities for values in (%s)', lpad(month::text, 2, '0'), month);
  end loop;
end
$$;

create index user_activities_user_idx on public.user_activities (user_id, occurred_at desc, id desc)
  include (date, module_name, duration_seconds);
create index user_activities_date_idx on public.user_activities (date);
create index user_activities_session_idx on public.user_activities (session_id) where session_id is not null;

alter table public.user_activities enable row level security;
revoke all on public.user_activities from public, anon, authenticated;
