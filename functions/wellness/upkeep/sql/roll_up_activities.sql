-- Turns activities that are older than ninety days into totals of their day and module, `batch` at most, in one statement: none is lost
-- and none counts twice. Gives how many.
create or replace function edge.roll_up_activities(batch integer) returns bigint
language sql volatile security definer set search_path = ''
as $$
  with old as (
    delete from public.user_activities a
    using (
      select o.id, o.month from public.user_activities o
      where o.date < (edge.now() at time zone 'UTC')::date - 90 order by o.date limit roll_up_activities.batch
    ) as o
    where a.id = o.id and a.month = o.month
    returning a.user_id, a.date, a.module_name, a.duration_seconds as seconds
  ),
  kept as (
    insert into public.user_activity_days as d (user_id, date, module_name, activities, timed, duration_seconds)
    select o.user_id, o.date, o.module_name, count(*), count(o.seconds), coalesce(sum(o.seconds), 0) from old o group by o.user_id, o.date, o.module_name
    on conflict (user_id, date, module_name) do update
      set activities = d.activities + excluded.activities, timed = d.timed + excluded.timed,
        duration_seconds = d.duration_seconds + excluded.duration_seconds
  )
  select count(*) from old
$$;

grant execute on function edge.roll_up_activities(integer) to service;
