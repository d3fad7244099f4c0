-- Returns the aggregates of an organisation to its managers: the last twelve weeks that ended two days ago or earlier.
--
-- Returns {smallest_group, members, weeks: [{week, is_shown, active_share, kaizen_completion, zazen_minutes}]}, latest
-- first, `week` being a Monday. Weeks that are not yet computed are computed and kept (`edge.keep_organisation_week`, which
-- says why they are coarse). A value is null where fewer people gave it than the setting `smallest_group` asks for at this
-- moment. Raises as `edge.manage`.
create or replace function edge.organisation_aggregates(organisation uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed constant public.organisations := edge.manage(organisation_aggregates.organisation, 'organisations.aggregates_read');
  least_people constant integer := edge.smallest_group();
  latest constant date := edge.week_to_publish();
begin
  perform edge.keep_organisation_week(managed.id, w.week)
  from (select latest - 7 * n as week from generate_series(0, 11) as n) as w
  where w.week >= (managed.created_at at time zone 'UTC')::date
    and not exists (
      select from public.organisation_weeks k where k.organisation_id = managed.id and k.week = w.week);
  return jsonb_build_object(
    'smallest_group', least_people,
    'members', (
      select count(*) from public.organisation_members m where m.organisation_id = managed.id and m.role = 'member'),
    'weeks', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'week', k.week, 'is_shown', k.active_share is not null and k.members >= least_people,
        'active_share', case when k.members >= least_people then k.active_share end,
        'kaizen_completion', case when k.kaizen_members >= least_people then k.kaizen_completion end,
        'zazen_minutes', case when k.zazen_members >= least_people then k.zazen_minutes end) order by k.week desc), '[]')
      from public.organisation_weeks k
      where k.organisation_id = managed.id and k.week between latest - 77 and latest));
end
$$;

grant execute on function edge.organisation_aggregates(uuid) to authenticated;
