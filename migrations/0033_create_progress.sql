-- Badges and points for progress. What is rewarded is data, each rule with the sentence that explains it.
--
-- A rule reads one metric of a person's events: `kaizen_days` (days done), `streak` (length of a run), `zazen_sessions`,
-- `zazen_minutes`. A badge is earned on the first day on which its metric reaches the threshold; it is recorded once, and
-- stays, even when an entry is later taken back: progress is rewarded, never punished. Points are not stored at all: so many
-- per unit of the metric, up to a cap per day, and those of the badges. So everything here can be computed again from the
-- events, and adding a rule rewards what people have done before it.

create table public.progress_rules (
  code text primary key check (code ~ '^[a-z][a-z0-9_]{0,40}$'),
  kind text not null check (kind in ('badge', 'points')),
  metric text not null check (metric in ('kaizen_days', 'streak', 'zazen_sessions', 'zazen_minutes')),
  -- Of a badge: the metric that earns it.
  threshold integer check (threshold >= 1),
  points integer not null check (points between 0 and 100000),
  -- Of points: how many units of one day count.
  per_day integer check (per_day >= 1),
  position integer not null,
  name_fr text not null,
  name_en text not null,
  about_fr text not null,
  about_en text not null,
  constraint progress_rules_badge_threshold check ((kind = 'badge') = (threshold is not null)),
  constraint progress_rules_points_summable check (kind = 'badge' or metric <> 'streak')
);

alter table public.progress_rules enable row level security;
revoke all on public.progress_rules from public, anon, authenticated;
grant select, insert, update, delete on public.progress_rules to service;
grant select on public.progress_rules to edge_owner;
create policy progress_rules_service on public.progress_rules for all to service, edge_owner
  using (true) with check (true);

insert into public.progress_rules
  (code, kind, metric, threshold, points, per_day, position, name_fr, name_en, about_fr, about_en)
values
  ('kaizen_day', 'points', 'kaizen_days', null, 10, null, 1, 'Un pas par jour', 'A step a day',
    '10 points pour chaque jour où un kaizen est fait.', '10 points for each day on which a kaizen is done.'),
  ('zazen_minute', 'points', 'zazen_minutes', null, 1, 60, 2, 'Le souffle', 'The breath',
    '1 point par minute de zazen, jusqu''à 60 par jour.', '1 point a minute of zazen, up to 60 a day.'),
  ('first_step', 'badge', 'kaizen_days', 1, 10, null, 10, 'Premier pas', 'First step',
    'Un premier jour de kaizen.', 'A first day of kaizen.'),
  ('streak_7', 'badge', 'streak', 7, 50, null, 11, 'Une semaine', 'One week',
    'Une série de 7 jours faits.', 'A streak of 7 days done.'),
  ('streak_30', 'badge', 'streak', 30, 200, null, 12, 'Un mois', 'One month',
    'Une série de 30 jours faits.', 'A streak of 30 days done.'),
  ('streak_100', 'badge', 'streak', 100, 500, null, 13, 'Cent jours', 'A hundred days',
    'Une série de 100 jours faits.', 'A streak of 100 days done.'),
  ('streak_365', 'badge', 'streak', 365, 2000, null, 14, 'Une année', 'One year',
    'Une série de 365 jours faits.', 'A streak of 365 days done.'),
  ('kaizen_100', 'badge', 'kaizen_days', 100, 300, null, 15, 'Cent pas', 'A hundred steps',
    '100 jours de kaizen en tout, avec ou sans série.', '100 days of kaizen in all, in a streak or not.'),
  ('first_breath', 'badge', 'zazen_sessions', 1, 10, null, 20, 'Premier souffle', 'First breath',
    'Une première séance de zazen.', 'A first session of zazen.'),
  ('zazen_10', 'badge', 'zazen_sessions', 10, 50, null, 21, 'Dix assises', 'Ten sittings',
    '10 séances de zazen.', '10 sessions of zazen.'),
  ('zazen_hour', 'badge', 'zazen_minutes', 60, 50, null, 22, 'Une heure', 'One hour',
    '60 minutes de zazen en tout.', '60 minutes of zazen in all.'),
  ('zazen_day', 'badge', 'zazen_minutes', 1440, 500, null, 23, 'Un jour entier', 'A whole day',
    '24 heures de zazen en tout.', '24 hours of zazen in all.');

create table public.user_badges (
  user_id uuid not null references public.users (id) on delete cascade,
  rule text not null references public.progress_rules (code),
  earned_on date not null,
  awarded_at timestamptz not null default edge.now(),
  primary key (user_id, rule)
);

create index user_badges_rule_idx on public.user_badges (rule);

alter table public.user_badges enable row level security;
revoke all on public.user_badges from public, anon, authenticated;
grant select on public.user_badges to authenticated, service;
grant select, insert, update, delete on public.user_badges to edge_owner;
create policy user_badges_owner on public.user_badges for select to authenticated using ((select edge.uid()) = user_id);
create policy user_badges_service on public.user_badges for all to service, edge_owner using (true) with check (true);

set role edge_owner;

-- What the events of the person of this request add up to: per metric and day what the day brought (`amount`)
-- and what the metric had come to by its end (`value`).
create function edge.progress_days() returns table (metric text, day date, amount bigint, value bigint)
language sql stable security definer set search_path = ''
as $$
  with kept as materialized (
    select k.day, k.reason, k.day - (row_number() over (order by k.day))::int as run
    from edge.kept_days(edge.uid(), edge.today()) as k
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
create function edge.progress(language text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  insert into public.user_badges (user_id, rule, earned_on)
  select edge.uid(), r.code, min(d.day)
  from public.progress_rules r
  join edge.progress_days() d on d.metric = r.metric and d.value >= r.threshold
  where r.kind = 'badge'
  group by r.code
  on conflict (user_id, rule) do nothing;

  with rules as (
    select r.*, case progress.language when 'en' then r.name_en else r.name_fr end as name,
      case progress.language when 'en' then r.about_en else r.about_fr end as about
    from public.progress_rules r
  ),
  days as materialized (select * from edge.progress_days()),
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

grant execute on function edge.progress(text) to authenticated;

reset role;
