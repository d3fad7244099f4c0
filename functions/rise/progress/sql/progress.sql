-- Records the badges that the person of this request has newly earned, and returns their points, rewards and badges.
--
-- Returns {points, rewards: [{code, name, about, metric, count, points}], badges: [{code, name, about, metric, threshold,
-- value, points, earned_on}]}. `language` is that of names and explanations: `en`, else French.
--
-- What is rewarded is data (`progress_rules`). A badge is earned on the first day on which its metric reaches the threshold;
-- it is recorded once, and stays, even when an entry is later taken back: progress is rewarded, never punished. What is
-- entered afterwards moves `earned_on` back. Points are not stored at all: so many per unit of the metric, up to a cap per
-- day, and those of the badges. So everything can be computed again from the events, and a new rule rewards what people have
-- done before it.
--
-- Badges follow from what no later target can undo: `edge.progress_days` says why this week's days of rest carry none.
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

grant execute on function edge.progress(text) to authenticated;
