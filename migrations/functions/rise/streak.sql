-- The streak of a person, computed from events each time it is asked for; one row.
--
-- `today` is the person's own date (`edge.today`). Give `person` and `today` as columns, not as expressions, so that they
-- are computed once.
--
-- A day is kept when it was done, or when nothing was asked of the person on it:
--   done     an entry of that day is completed;
--   frozen   the person put one of the month's freezes on it, before or afterwards;
--   skipped  it lies in a pause that was planned ahead (holidays), or a flight left fewer than twelve hours of it;
--   rest     its week has as many days done, frozen or skipped as the person's weekly target, or still can.
-- A streak is a run of kept days, and its length is the number of days done in it: frozen, skipped and rest days hold a
-- streak together, they never lengthen it. A target of seven is "every day", so there is one rule for both. What a day is
-- can be checked by eye, and nothing is spent behind the person's back: the person places a freeze.
--
-- A target holds from the week in which it was set (Monday to Sunday); weeks that are over keep the one that they had.
--
-- Today is kept only if it is done or not asked for. Until then the streak is at risk (`at_risk`), `current` (the documents'
-- literal rule: a streak is what ends today) is 0, and `alive` is the run that doing today's kaizen continues. `best` is the
-- longest run ever, `since` the first day done of the run that is alive, `week_kept` how many days of this week are done,
-- frozen or skipped.
--
-- `strength`, 0 to 1, forgives. It is the score of Loop Habit Tracker (uhabits, Score.kt and ScoreList.kt): s = s·m +
-- v·(1−m) from day to day, m = 0.5^(√f / 13), f = target / 7; v is 1 on a day done and 0 on one missed, or for a target
-- below seven the days done of the last fourteen over twice the target, at most 1. Frozen and skipped days leave s as it is;
-- so does today until it is done. Days two years back weigh less than a millionth and are left out.
--
-- `days` are the last `shown` days, newest first, back to the first kept one, each {date, reason}; besides the reasons of
-- kept days there are `missed` and, for today, `not_yet`.
create or replace function edge.streak(person uuid, today date, shown integer default 0) returns table (
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

grant execute on function edge.streak(uuid, date, integer) to authenticated, service;
