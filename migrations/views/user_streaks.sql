-- Everybody's kaizen streak, computed from events each time it is asked for. The product document names `user_streaks`
-- as a table; it is a view: nothing is stored that could be stale, and any person's numbers can be had in one
-- statement. The view sees what its reader may see: people their own row, `service` all of them.

create or replace view public.user_streaks with (security_invoker = true) as
select u.id as user_id, t.today, s.current, s.alive, s.best, s.since, s.today_done, s.at_risk, s.strength
from public.users u,
  lateral (select edge.day_of(edge.now(), u.id, u.time_zone, u.day_end_hour, u.held_until) as today) as t,
  lateral edge.streak(u.id, t.today) as s;

grant select on public.user_streaks to authenticated, service;
