-- Every day up to `today` that holds a person's streak together, with its reason.
--
-- Reasons: `done`, an entry of that day is completed; `frozen`, the person put a freeze on it; `skipped`, it lies in a
-- planned pause, or a flight left less than twelve hours of it; `rest`, its week has as many other days as the weekly
-- target, or still can. `edge.streak` explains the rule. `today` is the person's own date.
--
-- It is not a definer's function: the caller sees what row level security lets them see, and the planner puts it into the
-- statement that calls it.
create or replace function edge.kept_days(person uuid, today date) returns table (day date, reason text)
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
      cross join lateral (select edge.clock_day(c.ends_at, c.time_zone, c.day_end_hour) as day) as next
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

grant execute on function edge.kept_days(uuid, date) to authenticated, service;
