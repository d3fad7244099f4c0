-- Every achievement with how far the person of this request is, and why: each condition with what there is of it. What is hidden is
-- not there until it is won. It reads sessions as they are, so that it can be asked at any time and never disagrees with them.
create or replace function edge.achievements_of() returns table (
  id text, name text, name_en text, description text, description_en text, category text, rarity text, icon text,
  progress double precision, is_met boolean, unlocked_at timestamptz, conditions jsonb, badge text
)
language sql stable security definer set search_path = ''
as $$
  with s as materialized (
    select w.module, w.date, sum(w.duration_seconds) as seconds, count(*) as sessions
    from public.wellness_sessions w where w.user_id = edge.uid() and w.state = 'completed' group by w.module, w.date
  ),
  conditions as materialized (
    select a.id, c.place, c.condition, (c.condition ->> 'at_least')::bigint as at_least, m.reached
    from public.achievements a, jsonb_array_elements(a.conditions) with ordinality as c (condition, place),
      lateral (
        select case c.condition ->> 'metric'
          when 'sessions' then (select coalesce(sum(s.sessions), 0) from s where s.module = coalesce(c.condition ->> 'module', s.module))
          when 'minutes' then (select coalesce(sum(s.seconds), 0)::bigint / 60 from s where s.module = coalesce(c.condition ->> 'module', s.module))
          when 'days' then (select count(distinct s.date) from s where s.module = coalesce(c.condition ->> 'module', s.module))
          when 'modules' then (select count(distinct s.module) from s)
          when 'streak' then (
            select coalesce(max(r.length), 0) from (
              select count(*) as length from (
                select d.date - (row_number() over (order by d.date))::integer as run
                from (select distinct s.date from s where s.module = coalesce(c.condition ->> 'module', s.module)) as d) as r
              group by r.run) as r)
        end::bigint as reached) as m
  )
  select a.id, a.name, a.name_en, a.description, a.description_en, a.category, a.rarity, a.icon,
    round(avg(least(1.0, c.reached::numeric / c.at_least)), 4)::double precision, bool_and(c.reached >= c.at_least), u.unlocked_at,
    jsonb_agg(c.condition || jsonb_build_object('reached', c.reached, 'met', c.reached >= c.at_least) order by c.place),
    a.rewards ->> 'badge'
  from public.achievements a
  join conditions c on c.id = a.id
  left join public.user_achievements u on u.achievement_id = a.id and u.user_id = edge.uid()
  where not a.is_hidden or u.unlocked_at is not null
    or (select bool_and(h.reached >= h.at_least) from conditions h where h.id = a.id)
  group by a.id, u.unlocked_at
$$;

grant execute on function edge.achievements_of() to authenticated;
