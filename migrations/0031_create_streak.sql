-- The kaizen streak, computed from events each time it is asked for. `user_streaks`, which the product document names as a
-- table, is a view: nothing is stored that could be stale, and any person's numbers can be had in one statement.
--
-- A day is kept when it was done, or when nothing was asked of the person on it:
--   done     an entry of that day is completed;
--   frozen   the person put one of the month's freezes on it, before or afterwards;
--   skipped  it lies in a pause that was planned ahead (holidays), or a flight left fewer than twelve hours of it;
--   rest     its week has as many days done, frozen or skipped as the person's weekly target, or still can.
-- A streak is a run of kept days, and its length is the number of days done in it: frozen, skipped and rest days hold a
-- streak together, they never lengthen it. A target of seven is "every day", so there is one rule for both. What a day is
-- can be checked by eye, and nothing is spent behind the person's back: a freeze is placed by them.
--
-- A target holds from the week in which it was set (Monday to Sunday); weeks that are over keep the one that they had.
--
-- Today is kept only if it is done or not asked for. Until then the streak is at risk, `current` (the documents' literal
-- rule, a streak is what ends today) is 0, and `alive` is the run that doing today's kaizen continues.
--
-- `strength` forgives. It is the score of Loop Habit Tracker (uhabits, Score.kt and ScoreList.kt): s = s·m + v·(1 − m) from
-- day to day, m = 0.5^(√f / 13), f = target / 7; v is 1 on a day done and 0 on one missed, or for a target below seven the
-- days done of the last fourteen over twice the target, at most 1. Frozen and skipped days leave s as it is; so does today
-- until it is done. Days two years back weigh less than a millionth and are left out.

insert into public.settings (key, value, created_at, updated_at)
values ('freezes_per_month', '2', statement_timestamp(), statement_timestamp());

alter table public.settings add constraint settings_freezes_per_month_range check (
  key <> 'freezes_per_month' or (jsonb_typeof(value) = 'number' and value::text ~ '^([12]?[0-9]|3[01])$')
);

create table public.streak_freezes (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  kind text not null check (kind in ('freeze', 'skip')),
  from_day date not null,
  to_day date not null,
  created_at timestamptz not null default edge.now(),
  constraint streak_freezes_order check (from_day <= to_day),
  -- Of one person no two share a first day; that they do not overlap at all is kept by edge.freeze_days.
  constraint streak_freezes_user_key unique (user_id, from_day)
);

alter table public.streak_freezes enable row level security;
revoke all on public.streak_freezes from public, anon, authenticated;
grant select on public.streak_freezes to authenticated, service;
grant select, insert, update, delete on public.streak_freezes to edge_owner;
create policy streak_freezes_owner on public.streak_freezes for select to authenticated
  using ((select edge.uid()) = user_id);
create policy streak_freezes_service on public.streak_freezes for all to service, edge_owner
  using (true) with check (true);

create table public.weekly_targets (
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  -- The Monday of the first week that it holds for.
  week date not null check (extract(isodow from week) = 1),
  target smallint not null check (target between 1 and 7),
  primary key (user_id, week)
);

alter table public.weekly_targets enable row level security;
revoke all on public.weekly_targets from public, anon, authenticated;
grant select, insert (week, target), update (target) on public.weekly_targets to authenticated;
grant select on public.weekly_targets to service;
grant select, insert, update, delete on public.weekly_targets to edge_owner;
create policy weekly_targets_owner on public.weekly_targets for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy weekly_targets_service on public.weekly_targets for all to service, edge_owner
  using (true) with check (true);

set role edge_owner;

-- The Monday of a day's week, counted from one.
create function edge.week_of(day date) returns date
language sql immutable parallel safe
return day - (day - date '0001-01-01') % 7;

-- How many days of a week that person means to do: 7 where they never said.
create function edge.weekly_target(person uuid, week date) returns integer
language sql stable parallel safe
return coalesce((
  select t.target::int from public.weekly_targets t
  where t.user_id = person and t.week <= weekly_target.week
  order by t.week desc limit 1), 7);

-- Every kept day up to `today`, with its reason. Not a definer's function: the caller sees what row level security lets
-- them see, and the planner puts it into the statement that calls it.
create function edge.kept_days(person uuid, today date) returns table (day date, reason text)
language sql stable parallel safe
as $$
  with marked as (
    -- The words are in the order of their precedence: done, frozen, skipped.
    select m.day, min(m.reason) as reason
    from (
      select k.date as day, 'done' as reason
      from public.kaizen k
      where k.user_id = person and k.deleted_at is null and k.completed and k.date <= today
      group by k.date
      union all
      select f.from_day + n, case f.kind when 'freeze' then 'frozen' else 'skipped' end
      from public.streak_freezes f, generate_series(0, least(f.to_day, today) - f.from_day) as n
      where f.user_id = person
      union all
      -- Days that a change of clock jumped over, and the one after it if it left less than half of it.
      select c.day + n, 'skipped'
      from public.clock_changes c
      cross join lateral (select edge.day_of(c.ends_at, c.time_zone, c.day_end_hour) as day) as next
      left join public.clock_changes later on later.user_id = c.user_id and later.day = next.day,
        generate_series(1, next.day - c.day - case
          when coalesce(later.ends_at, edge.day_start(next.day + 1, c.time_zone, c.day_end_hour)) - c.ends_at
            < interval '12 hours' then 0 else 1 end) as n
      where c.user_id = person and c.day + n <= today
    ) as m
    group by m.day
  ),
  targets as (
    select t.week as since, lead(t.week, 1, date 'infinity') over (order by t.week) as until, t.target
    from public.weekly_targets t
    where t.user_id = person
  ),
  weeks as (
    select w.week, w.kept, coalesce(t.target, 7) as target,
      -- Days of this week that can still be done or excused, today among them.
      case when w.week = edge.week_of(kept_days.today) then 7 - (today - w.week) - w.is_today else 0 end as open
    from (
      select edge.week_of(m.day) as week, count(m.reason)::int as kept,
        (count(m.reason) filter (where m.day = kept_days.today))::int as is_today
      from (select * from marked union all select kept_days.today, null) as m
      group by 1
    ) as w
    left join targets t on w.week >= t.since and w.week < t.until
  )
  select m.day, m.reason from marked m
  union all
  select w.week + n, 'rest'
  from weeks w, unnest('{0, 1, 2, 3, 4, 5, 6}'::int[]) as n
  where w.kept < 7 and w.week + n <= kept_days.today and w.kept + w.open - (w.week + n = kept_days.today)::int >= w.target
    and not exists (select from marked m where m.day = w.week + n)
$$;

-- The streak of a person whose own date is `today`. `days` are the last `shown` days, newest first, from the first kept
-- one on, each `{date, reason}`; besides the reasons of kept days there are `missed` and, for today, `not_yet`.
create function edge.streak(person uuid, today date, shown integer default 0) returns table (
  current integer, alive integer, best integer, since date, today_done boolean, at_risk boolean,
  weekly_target integer, week_kept integer, strength double precision, days jsonb
)
language sql stable parallel safe
as $$
  with kept as materialized (select k.day, k.reason from edge.kept_days(person, today) as k),
  runs as (
    -- Days of one run differ from their rank by the same number.
    select min(r.day) filter (where r.reason = 'done') as since, max(r.day) as last,
      count(*) filter (where r.reason = 'done')::int as length
    from (select k.day, k.reason, k.day - (row_number() over (order by k.day))::int as run from kept k) as r
    group by r.run
  ),
  facts as (
    select coalesce(max(r.length) filter (where r.last >= streak.today - 1), 0) as alive, coalesce(max(r.length), 0) as best,
      max(r.since) filter (where r.last >= streak.today - 1) as since,
      (select k.reason from kept k where k.day = streak.today) as reason,
      (select min(k.day) from kept k) as first,
      edge.weekly_target(person, edge.week_of(streak.today)) as target
    from runs r
  ),
  calendar as (
    select d.day, k.reason,
      (count(*) filter (where k.reason = 'done') over (order by d.day rows between 13 preceding and current row))::int as fortnight,
      (count(*) filter (where k.reason is distinct from 'frozen' and k.reason is distinct from 'skipped')
        over (order by d.day desc rows between unbounded preceding and 1 preceding))::int as counted_after
    from facts f,
      lateral (select streak.today - n as day
        from generate_series(case f.reason when 'done' then 0 else 1 end, least(streak.today - f.first, 743)) as n) as d
      left join kept k on k.day = d.day
  ),
  score as (
    select sum((1 - m.keep) * power(m.keep, c.counted_after) * case f.target
      when 7 then (c.reason is not distinct from 'done')::int
      else least(1.0, c.fortnight / (2.0 * f.target)) end) as strength
    from facts f, calendar c, lateral (select power(0.5::double precision, sqrt(f.target / 7.0) / 13) as keep) as m
    where c.day > streak.today - 730 and c.reason is distinct from 'frozen' and c.reason is distinct from 'skipped'
  )
  select case when f.reason is null then 0 else f.alive end, f.alive, f.best, f.since,
    f.reason is not distinct from 'done', f.alive > 0 and f.reason is null,
    f.target, (select count(*)::int from kept k where k.day >= edge.week_of(streak.today) and k.reason <> 'rest'),
    coalesce((select s.strength from score s), 0),
    (select coalesce(jsonb_agg(jsonb_build_object('date', streak.today - n,
        'reason', coalesce(k.reason, case n when 0 then 'not_yet' else 'missed' end)) order by n), '[]')
      from generate_series(0, least(shown - 1, streak.today - coalesce(f.first, streak.today))) as n
      left join kept k on k.day = streak.today - n)
  from facts f
$$;

create function edge.freezes_per_month() returns integer
language sql stable security definer set search_path = ''
as $$ select (edge.setting('freezes_per_month') #>> '{}')::int $$;

-- How many freezes the person of this request may still place in the month of that day.
create function edge.freezes_left(day date) returns integer
language sql stable security definer set search_path = ''
as $$
  select greatest(0, edge.freezes_per_month() - coalesce(sum(
    least(f.to_day, (date_trunc('month', freezes_left.day) + interval '1 month')::date - 1)
    - greatest(f.from_day, date_trunc('month', freezes_left.day)::date) + 1), 0)::int)
  from public.streak_freezes f
  where f.user_id = edge.uid() and f.kind = 'freeze'
    and f.from_day < (date_trunc('month', freezes_left.day) + interval '1 month')::date
    and f.to_day >= date_trunc('month', freezes_left.day)::date
$$;

-- Places a freeze or plans a skip, for the person of this request. Outcomes: `created` and `unchanged` (it was there)
-- {freeze}; `overlaps` {freeze}; `too_early` {oldest}; `too_late` {latest}; `none_left` {month, left}, `month` being
-- its first day.
create function edge.freeze_days(kind text, from_day date, to_day date) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_variable
declare
  oldest constant date := case kind when 'freeze' then edge.kaizen_oldest() else edge.today() end;
  latest constant date := edge.today() + case kind when 'freeze' then 31 else 366 end;
  short record;
  other public.streak_freezes;
begin
  -- One at a time per person, so that two requests cannot both take the last one.
  perform from public.users u where u.id = edge.uid() for no key update;
  select f.* into other
  from public.streak_freezes f
  where f.user_id = edge.uid() and f.from_day <= to_day and f.to_day >= from_day
  order by f.from_day limit 1;
  if (other.kind, other.from_day, other.to_day) = (kind, from_day, to_day) then
    return jsonb_build_object('outcome', 'unchanged', 'freeze', to_jsonb(other));
  elsif other.id is not null then
    return jsonb_build_object('outcome', 'overlaps', 'freeze', to_jsonb(other));
  elsif from_day < oldest then
    return jsonb_build_object('outcome', 'too_early', 'oldest', oldest);
  elsif to_day > latest then
    return jsonb_build_object('outcome', 'too_late', 'latest', latest);
  end if;
  if kind = 'freeze' then
    select m.month, m.free into short
    from (
      select date_trunc('month', from_day + n)::date as month, count(*) as wanted,
        edge.freezes_left(date_trunc('month', from_day + n)::date) as free
      from generate_series(0, to_day - from_day) as n
      group by 1
    ) as m
    where m.wanted > m.free
    order by m.month limit 1;
    if found then
      return jsonb_build_object('outcome', 'none_left', 'month', short.month, 'left', short.free);
    end if;
  end if;
  insert into public.streak_freezes (user_id, kind, from_day, to_day)
  values (edge.uid(), kind, from_day, to_day)
  returning * into other;
  return jsonb_build_object('outcome', 'created', 'freeze', to_jsonb(other));
end
$$;

-- Gives up a freeze, wholly, or what is left of a skip: the days of a pause that have been stay excused. Outcomes:
-- `removed`; `shortened` {freeze}; `over` {freeze}; `not_found`.
create function edge.unfreeze_days(id bigint) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  kept public.streak_freezes;
begin
  select f.* into kept from public.streak_freezes f
  where f.id = unfreeze_days.id and f.user_id = edge.uid() for update;
  if kept.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif kept.kind = 'freeze' or kept.from_day >= edge.today() then
    delete from public.streak_freezes f where f.id = kept.id;
    return jsonb_build_object('outcome', 'removed');
  elsif kept.to_day < edge.today() then
    return jsonb_build_object('outcome', 'over', 'freeze', to_jsonb(kept));
  end if;
  update public.streak_freezes f set to_day = edge.today() - 1 where f.id = kept.id returning f.* into kept;
  return jsonb_build_object('outcome', 'shortened', 'freeze', to_jsonb(kept));
end
$$;

grant execute on function
  edge.week_of(date), edge.weekly_target(uuid, date), edge.kept_days(uuid, date), edge.streak(uuid, date, integer)
  to authenticated, service;
grant execute on function
  edge.freezes_per_month(), edge.freezes_left(date), edge.freeze_days(text, date, date), edge.unfreeze_days(bigint)
  to authenticated;

reset role;

create view public.user_streaks with (security_invoker = true) as
select u.id as user_id, t.today, s.current, s.alive, s.best, s.since, s.today_done, s.at_risk, s.strength
from public.users u,
  lateral (select edge.day_of(edge.now(), u.time_zone, u.day_end_hour, u.held_day, u.held_until) as today) as t,
  lateral edge.streak(u.id, t.today) as s;

revoke all on public.user_streaks from public, anon, authenticated;
grant select on public.user_streaks to authenticated, service;
