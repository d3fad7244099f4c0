-- Lists the invitations of an organisation for its managers, latest first.
--
-- At most `max` rows, each as `edge.invitation_json` has it, after the one that was created at `after_created_at` with the
-- id `after_id` (null for the first). Invitations that somebody accepted whose account is erased are left out. Raises as
-- `edge.manage`.
create or replace function edge.list_invitations(organisation uuid, after_created_at timestamptz, after_id uuid, max integer)
returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed constant uuid := (edge.manage(list_invitations.organisation, 'organisations.invitations_listed')).id;
begin
  return query
  select edge.invitation_json(i)
  from public.organisation_invitations i
  where i.organisation_id = managed
    and not exists (select from public.users u where u.id = i.accepted_by and u.deleted_at is not null)
    and (list_invitations.after_id is null
      or (i.created_at, i.id) < (list_invitations.after_created_at, list_invitations.after_id))
  order by i.created_at desc, i.id desc
  limit list_invitations.max;
end
$$;

grant execute on function edge.list_invitations(uuid, timestamptz, uuid, integer) to authenticated;
