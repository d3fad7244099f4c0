-- Keeps the weeks of people whose sessions have changed since the last run that came to its end; of eight days where there was none.
--
-- People come in the order of their ids, at most `batch` of them behind `after` (null for the first). Gives how many weeks were other than
-- kept, the last of the people, and whether there may be more.
create or replace function edge.keep_changed_weeks(after uuid, batch integer, out weeks bigint, out last uuid, out more boolean)
language sql volatile security definer set search_path = ''
as $$
  with changed as materialized (
    select w.user_id, edge.week_of(min(w.date)) as first_week
    from public.wellness_sessions w
    where w.updated_at <= edge.now()
      and w.updated_at > coalesce(
        (select max(c.due_at) from public.cron_runs c
          where c.function = 'wellness-upkeep' and c.outcome = 'succeeded' and c.due_at < edge.now()),
        edge.now() - interval '8 days')
      and (keep_changed_weeks.after is null or w.user_id > keep_changed_weeks.after)
    group by w.user_id
    order by w.user_id
    limit keep_changed_weeks.batch)
  select coalesce(sum(edge.keep_breath_weeks(c.user_id, c.first_week)), 0), (array_agg(c.user_id order by c.user_id desc))[1],
    count(*) = keep_changed_weeks.batch
  from changed c
$$;

grant execute on function edge.keep_changed_weeks(uuid, integer) to service;
