-- Which of the disjoint groups of one population may be shown, where their total may be shown too.
--
-- `people` says how many people of each group gave a value, in any order; the answer is in the same order. A group that is smaller
-- than `edge.smallest_group` is hidden. What is hidden can be computed: the total less the groups that are shown. So where fewer
-- people than that are hidden in all, the smallest of the other groups is hidden with them. The total itself may be shown where it
-- is no smaller.
create or replace function edge.groups_shown(people bigint[]) returns boolean[]
language sql stable security definer set search_path = ''
as $$
  with sorted as (
    select g.place, g.people, sum(g.people) over (order by g.people, g.place) - g.people as before
    from unnest(groups_shown.people) with ordinality as g (people, place)
  ),
  bounds as materialized (
    select edge.smallest_group() as smallest,
      coalesce(sum(s.people) filter (where s.people < edge.smallest_group()), 0) as hidden
    from sorted s
  )
  select coalesce(array_agg(s.people >= b.smallest and (b.hidden = 0 or s.before >= b.smallest) order by s.place), '{}')
  from sorted s, bounds b
$$;
