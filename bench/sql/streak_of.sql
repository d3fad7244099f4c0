with me as materialized (
  select u.id, $3::date as today,
    edge.day_end($2::timestamptz, u.time_zone, u.day_end_hour, u.held_day, u.held_until) as day_ends_at
  from users u where u.id = $1::uuid)
select s.current, s.alive, s.best, s.since, s.today_done, s.at_risk, me.day_ends_at,
  floor(extract(epoch from me.day_ends_at - $2) / 36)::double precision / 100 as hours_left,
  (select greatest(0, (edge.setting('freezes_per_month') #>> '{}')::int - coalesce(sum(
      least(f.to_day, (date_trunc('month', me.today) + interval '1 month')::date - 1)
      - greatest(f.from_day, date_trunc('month', me.today)::date) + 1), 0)::int)
    from streak_freezes f
    where f.user_id = me.id and f.kind = 'freeze' and f.from_day < (date_trunc('month', me.today) + interval '1 month')::date
      and f.to_day >= date_trunc('month', me.today)::date) as freezes_left,
  s.weekly_target, s.week_kept, round(s.strength::numeric, 4)::double precision as strength, s.days
from me, edge.streak(me.id, me.today, $4::int) as s
