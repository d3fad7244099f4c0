-- Founds an organisation that the person of this request then manages.
--
-- An organisation of the same name that they founded and manage is given back, so that two devices that found it at once
-- found it once. Returns {organisation, is_new}. Raises `OR403 email_not_verified`; `OR403 forbidden`, where the setting
-- `organisation_founders` has not the person's role; and as `edge.require_entitlement` for more organisations than the tier allows
-- (`organisations_managed`).
create or replace function edge.create_organisation(name text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  founder public.users;
  organisation public.organisations;
begin
  -- Two devices that found it at once found it once.
  select u.* into founder from public.users u where u.id = edge.uid() for no key update;
  select o.* into organisation
  from public.organisations o
  join public.organisation_members m on m.organisation_id = o.id and m.user_id = founder.id and m.role = 'manager'
  where o.created_by = founder.id and o.name = create_organisation.name;
  if organisation.id is not null then
    return jsonb_build_object('organisation', edge.organisation_json(organisation), 'is_new', false);
  elsif founder.email_verified_at is null then
    raise exception using errcode = 'OR403', message = 'email_not_verified';
  elsif not edge.setting('organisation_founders') ? founder.role then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.require_entitlement('organisations_managed', 1 + (
    select count(*)::int from public.organisation_members m where m.user_id = founder.id and m.role = 'manager'));

  insert into public.organisations (name, created_by) values (create_organisation.name, founder.id)
  returning * into organisation;
  insert into public.organisation_members (organisation_id, user_id, role) values (organisation.id, founder.id, 'manager');
  perform edge.audit('organisations.created', jsonb_build_object('organisation', organisation.id));
  return jsonb_build_object('organisation', edge.organisation_json(organisation), 'is_new', true);
end
$$;

grant execute on function edge.create_organisation(text) to authenticated;
