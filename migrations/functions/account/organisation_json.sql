-- An organisation as the person of this request sees it, with what the organisation sees of that person.
--
-- Its fields: id, name, created_at, updated_at, version, the person's own `role` and `joined_at` (null for who is no
-- member), and `visibility`: which fields managers see of each member, which aggregates they see of all members, how large
-- the smallest group is, and whether this person is counted.
create or replace function edge.organisation_json(organisation public.organisations) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', organisation.id, 'name', organisation.name, 'created_at', organisation.created_at,
    'updated_at', organisation.updated_at, 'version', organisation.version, 'role', m.role, 'joined_at', m.joined_at,
    'visibility', jsonb_build_object(
      'of_each_member', jsonb_build_array('name', 'email', 'role', 'joined_at'),
      'of_all_members', jsonb_build_array('active_share', 'kaizen_completion', 'zazen_minutes'),
      'smallest_group', edge.setting('smallest_group'),
      'counts_you', m.role is not distinct from 'member'))
  from (select) as one_row
  left join public.organisation_members m on m.organisation_id = organisation.id and m.user_id = edge.uid()
$$;
