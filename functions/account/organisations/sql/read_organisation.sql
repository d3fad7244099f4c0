-- An organisation as the person of this request sees it; null where there is none to see.
--
-- Members see their own, as `edge.organisation_json` has it. An administrator who is no member sees it too and leaves a row
-- in the audit log.
create or replace function edge.read_organisation(organisation uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found public.organisations;
begin
  select o.* into found from public.organisations o where o.id = read_organisation.organisation;
  if not exists (
    select from public.organisation_members m where m.organisation_id = found.id and m.user_id = edge.uid())
  then
    if found.id is null or not edge.is_admin() then
      return null;
    end if;
    perform edge.audit('organisations.read', jsonb_build_object('organisation', found.id));
  end if;
  return edge.organisation_json(found);
end
$$;

grant execute on function edge.read_organisation(uuid) to authenticated;
