-- Renames an organisation, for its managers.
--
-- Returns it as `edge.organisation_json` has it. Raises `OR412 precondition_failed`, where `if_version` is not its version; as
-- `edge.manage`; and a name that its check refuses with the constraint `organisations_name_plain`. The accounts of its members show the name, so their
-- ETags change with it.
create or replace function edge.rename_organisation(organisation uuid, name text, if_version text default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  managed public.organisations := edge.manage(rename_organisation.organisation, 'organisations.renamed');
begin
  if not edge.is_version(managed.version, rename_organisation.if_version) then
    raise exception using errcode = 'OR412', message = 'precondition_failed';
  end if;
  update public.organisations o set name = rename_organisation.name where o.id = managed.id returning o.* into managed;
  perform from public.users u
  where u.id in (select m.user_id from public.organisation_members m where m.organisation_id = managed.id)
  order by u.id
  for no key update;
  update public.users u set updated_at = edge.now()
  where u.id in (select m.user_id from public.organisation_members m where m.organisation_id = managed.id);
  return edge.organisation_json(managed);
end
$$;

grant execute on function edge.rename_organisation(uuid, text, text) to authenticated;
