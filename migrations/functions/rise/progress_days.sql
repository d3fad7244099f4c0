-- What the person of this request has done, by metric and day, for badges and points.
--
-- Metrics: `kaizen_days`, days done; `streak`, the length of the run that the day belongs to; `zazen_sessions`;
-- `zazen_minutes`. `amount` is what the day brought, `value` what the metric has come to by its end: the
-- amounts up to a day add up to its value, so that seconds of two days make a minute together.
--
-- With `settled`, this week's days of rest are left out: such a day may still turn out to have been missed, by a higher
-- target set before Sunday, so it carries no badge until its week is over.
create or replace function edge.progress_days(settled boolean) returns table (metric text, day date, amount bigint, value bigint)
language sql stable security definer set search_path = ''
as $$
  with kept as materialized (
    select k.day, k.reason, k.day - (row_number() over (order by k.day))::int as run
    from edge.kept_days(edge.uid(), edge.today()) as k
    where not settled or k.reason <> 'rest' or k.day < edge.week_of(edge.today())
  ),
  zazen as materialized (
    select z.date as day, count(*) as sessions, sum(z.duration) as seconds
    from public.zazen_sessions z
    where z.user_id = edge.uid() and z.deleted_at is null
    group by z.date
  )
  select 'kaizen_days', k.day, 1, row_number() over (order by k.day) from kept k where k.reason = 'done'
  union all
  select 'streak', k.day, 1, count(*) filter (where k.reason = 'done') over (partition by k.run order by k.day) from kept k
  union all
  select 'zazen_sessions', z.day, z.sessions, (sum(z.sessions) over (order by z.day))::bigint from zazen z
  union all
  select 'zazen_minutes', m.day, m.until / 60 - (m.until - m.seconds) / 60, m.until / 60
  from (select z.*, (sum(z.seconds) over (order by z.day))::bigint as until from zazen z) as m
$$;
