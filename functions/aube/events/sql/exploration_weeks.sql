-- Returns the last twelve weeks of Aube that ended two days ago or earlier, computing and keeping those that are not kept yet.
--
-- `types` are the types of events that there are. For each week and type: `people`, who had any event that week, rounded down to
-- tens, and `share`, of whom this type is true (`edge.group_share`, which says why it is coarse). Both are null where fewer people
-- than `edge.smallest_group` were. A week is kept once, so nothing is told by asking again after somebody came or went; who had an
-- event and has taken back their consent is not in a week that is computed afterwards. A week counts by when events arrived.
-- Raises `OR403 forbidden` for everybody but administrators, whose reading is in the log.
create or replace function edge.exploration_weeks(types text[]) returns table (smallest_group integer, weeks jsonb)
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  latest constant date := edge.week_to_publish();
  due date;
begin
  perform edge.require_role(array['admin']);
  perform edge.audit('aube.aggregates_read');
  for due in
    select latest - 7 * n from generate_series(0, 11) as n
    where not exists (select from public.exploration_weeks k where k.week = latest - 7 * n)
  loop
    insert into public.exploration_weeks (week, type, people, share)
    with had as materialized (
      select a.user_id, a.type
      from public.exploration_analytics a
      where a.created_at >= due::timestamp at time zone 'UTC' and a.created_at < (due + 7)::timestamp at time zone 'UTC'
      group by a.user_id, a.type),
    agreed as materialized (
      select p.user_id from (select distinct h.user_id from had h) as p where edge.has_consent(p.user_id, 'aube-events')),
    everybody as (select count(*) as people from agreed)
    select due, t.type, case when e.people >= edge.smallest_group() then (e.people / 10 * 10)::integer end,
      edge.group_share((select count(*) from had h join agreed g on g.user_id = h.user_id where h.type = t.type), e.people)
    from everybody e, unnest(exploration_weeks.types) as t (type)
    on conflict (week, type) do nothing;
  end loop;
  return query
    select edge.smallest_group(), coalesce(jsonb_agg(jsonb_build_object('week', k.week, 'type', k.type, 'people', k.people,
      'share', k.share) order by k.week desc, k.type), '[]')
    from public.exploration_weeks k
    where k.week between latest - 77 and latest and k.type = any (exploration_weeks.types);
end
$$;

grant execute on function edge.exploration_weeks(text[]) to authenticated;
