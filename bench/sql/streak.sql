with me as materialized (
  select u.id, edge.today() as today,
    edge.day_end(edge.now(), u.time_zone, u.day_end_hour, u.held_day, u.held_until) as day_ends_at
  from users u where u.id = edge.uid())
select s.current, s.alive, s.best, s.since, s.today_done, s.at_risk, me.day_ends_at,
  floor(extract(epoch from me.day_ends_at - edge.now()) / 36)::double precision / 100 as hours_left,
  edge.freezes_left(me.today) as freezes_left, s.weekly_target, s.week_kept,
  round(s.strength::numeric, 4)::double precision as strength, s.days
from me, edge.streak(me.id, me.today, $1::int) as s
