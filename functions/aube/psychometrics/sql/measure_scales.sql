-- Computes how well each scale of a question set holds together, by language, and keeps the numbers in `career_psychometrics`.
--
-- `items` are [{id, place, scale, key}]: the place of the item's digit in stored answers, from 1, and 1 or -1. Counted are the
-- latest results of people who consent to `aube-research`, and of those whoever has answered the whole scale. With the coded
-- answer `s = key (a - 3) / 2` of k items: alpha = k / (k - 1) (1 - sum of the items' variances / variance of the sums) (Cronbach
-- 1951), and for each item the correlation with the sum of the others. They are facts about a group: a scale that fewer people
-- than the setting `psychometrics_people` have answered is not kept. Numbers have two places and `people` is rounded down to tens,
-- so that two nights differ by nobody.
create or replace function edge.measure_scales(items jsonb, question_set text)
returns table (measured bigint, forgotten bigint)
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  least_people constant integer := (edge.setting('psychometrics_people') #>> '{}')::int;
begin
  return query
  with item as materialized (
    select i.* from jsonb_to_recordset(measure_scales.items) as i (id text, place integer, scale text, key integer)),
  size as materialized (select i.scale, count(*) as k from item i group by i.scale),
  -- From those who agree, who are fewer than those who answer.
  agreed as materialized (
    select distinct c.user_id from public.consents c where c.purpose = 'aube-research' and c.granted),
  answered as materialized (
    select l.user_id, l.lang, l.answers
    from agreed a, lateral (
      select e.user_id, e.lang, e.answers, e.question_set_version
      from public.career_explorations e
      where e.user_id = a.user_id
      order by e.created_at desc, e.id desc
      limit 1) as l
    where l.question_set_version = measure_scales.question_set and edge.has_consent(a.user_id, 'aube-research')),
  coded as materialized (
    select a.user_id, a.lang, i.scale, i.id, i.key * (substr(a.answers, i.place, 1)::int - 3) / 2.0::double precision as s
    from answered a, item i
    where substr(a.answers, i.place, 1) between '1' and '5'),
  total as materialized (
    select c.user_id, c.lang, c.scale, sum(c.s) as total
    from coded c join size z on z.scale = c.scale
    group by c.user_id, c.lang, c.scale, z.k
    having count(*) = z.k),
  by_item as materialized (
    select c.lang, c.scale, c.id, var_samp(c.s) as variance, corr(c.s, t.total - c.s) as r, avg(c.s) as mean
    from coded c join total t on t.user_id = c.user_id and t.lang = c.lang and t.scale = c.scale
    group by c.lang, c.scale, c.id),
  by_scale as (
    select t.lang, t.scale, count(*) as people, var_samp(t.total) as variance
    from total t
    group by t.lang, t.scale
    having count(*) >= least_people),
  kept as (
    insert into public.career_psychometrics as p (question_set_version, lang, scale, people, alpha, items)
    select measure_scales.question_set, b.lang, b.scale, (b.people / 10 * 10)::integer,
      round((z.k::double precision / nullif(z.k - 1, 0) * (1 - (
        select sum(i.variance) from by_item i where i.lang = b.lang and i.scale = b.scale) / nullif(b.variance, 0)))::numeric, 2),
      (select jsonb_agg(jsonb_build_object('id', i.id, 'r', round(i.r::numeric, 2), 'mean', round(i.mean::numeric, 2)) order by i.id)
       from by_item i where i.lang = b.lang and i.scale = b.scale)
    from by_scale b join size z on z.scale = b.scale
    on conflict (question_set_version, lang, scale) do update
    set people = excluded.people, alpha = excluded.alpha, items = excluded.items, computed_at = excluded.computed_at
    returning p.lang, p.scale),
  gone as (
    delete from public.career_psychometrics p
    where p.question_set_version = measure_scales.question_set
      and not exists (select from by_scale b where b.lang = p.lang and b.scale = p.scale)
    returning 1)
  select (select count(*) from kept), (select count(*) from gone);
end
$$;

grant execute on function edge.measure_scales(jsonb, text) to service;
