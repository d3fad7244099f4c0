-- Three things that a person's devices and badges rely on.
--
-- What a device sent under a `client_id` is kept as it was taken. A repeat, late or twice, is judged by that and not by the row,
-- which may have been changed since, or hold the moment to the microsecond where the device sent nanoseconds.
--
-- A trigger's 40 characters may become more by what makes one word of it: lower case (İ is two) and normal form.
--
-- Badges follow from events alone: a day of rest in the week that is not over may still turn out to have been missed, by a
-- higher target set before Sunday, so it carries no badge until then; and what is entered afterwards moves `earned_on` back.

alter table public.kaizen add column first jsonb;
alter table public.zazen_sessions add column first jsonb;
grant insert (first) on public.kaizen to authenticated;
grant insert (first) on public.zazen_sessions to authenticated;

alter table public.zazen_sessions drop constraint zazen_sessions_triggered_by_length;
alter table public.zazen_sessions
  add constraint zazen_sessions_triggered_by_length check (char_length(triggered_by) between 1 and 120);

set role edge_owner;

drop function edge.progress_days();

-- What the events of the person of this request add up to: per metric and day what the day brought (`amount`)
-- and what the metric had come to by its end (`value`). Only `settled`: without this week's days of rest.
create function edge.progress_days(settled boolean) returns table (metric text, day date, amount bigint, value bigint)
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
  select 'zazen_minutes', z.day, z.seconds / 60, (sum(z.seconds) over (order by z.day))::bigint / 60 from zazen z
$$;

-- Records the badges that the person of this request has newly earned, and tells where they stand: {points, rewards: [{code,
-- name, about, metric, count, points}], badges: [{code, name, about, metric, threshold, value, points, earned_on}]}.
create or replace function edge.progress(language text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  insert into public.user_badges as known (user_id, rule, earned_on)
  select edge.uid(), r.code, min(d.day)
  from public.progress_rules r
  join edge.progress_days(settled => true) d on d.metric = r.metric and d.value >= r.threshold
  where r.kind = 'badge'
  group by r.code
  on conflict (user_id, rule) do update set earned_on = excluded.earned_on where excluded.earned_on < known.earned_on;

  with rules as (
    select r.*, case progress.language when 'en' then r.name_en else r.name_fr end as name,
      case progress.language when 'en' then r.about_en else r.about_fr end as about
    from public.progress_rules r
  ),
  days as materialized (select * from edge.progress_days(settled => false)),
  rewards as (
    select r.position, r.code, r.name, r.about, r.metric,
      d.count, d.count * r.points as points
    from rules r,
      lateral (select coalesce(sum(least(d.amount, r.per_day)), 0) as count from days d where d.metric = r.metric) as d
    where r.kind = 'points'
  ),
  badges as (
    select r.position, r.code, r.name, r.about, r.metric, r.threshold,
      coalesce((select max(d.value) from days d where d.metric = r.metric), 0) as value, r.points, b.earned_on
    from rules r
    left join public.user_badges b on b.rule = r.code and b.user_id = edge.uid()
    where r.kind = 'badge'
  )
  select jsonb_build_object(
    'points', (select coalesce(sum(w.points), 0) from rewards w)
      + (select coalesce(sum(b.points), 0) from badges b where b.earned_on is not null),
    'rewards', (select coalesce(jsonb_agg(to_jsonb(w) - 'position' order by w.position), '[]') from rewards w),
    'badges', (select coalesce(jsonb_agg(to_jsonb(b) - 'position' order by b.position), '[]') from badges b))
  into answer;
  return answer;
end
$$;

reset role;
