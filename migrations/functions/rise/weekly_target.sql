-- How many days of a week a person means to do; 7 where they have never said.
--
-- `week` is the week's Monday. A target holds from the week in which it was set, until the next one.
create or replace function edge.weekly_target(person uuid, week date) returns integer
language sql stable parallel safe
return coalesce((
  select t.target::int from public.weekly_targets t
  where t.user_id = person and t.week <= weekly_target.week
  order by t.week desc limit 1), 7);

grant execute on function edge.weekly_target(uuid, date) to authenticated, service;
