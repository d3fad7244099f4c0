-- Lets the managers of an organisation pass, and administrators; locks the organisation's row and returns it.
--
-- Every change of an organisation locks its row first, so that two managers who leave at once do not leave none. An
-- administrator who is no manager leaves a row `action` in the audit log, with `metadata.organisation` and the given
-- `metadata`. Raises `OR403 forbidden` for the organisation's members, and `OR404 not_found` for everybody else, whether or
-- not there is such an organisation.
create or replace function edge.manage(organisation uuid, action text, metadata jsonb default '{}') returns public.organisations
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed public.organisations;
  own text;
begin
  select o.* into managed from public.organisations o where o.id = manage.organisation for update;
  select m.role into own
  from public.organisation_members m where m.organisation_id = managed.id and m.user_id = edge.uid();
  if managed.id is null or (own is null and not edge.is_admin()) then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif own = 'manager' then
    return managed;
  elsif not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.audit(manage.action, jsonb_build_object('organisation', managed.id) || manage.metadata);
  return managed;
end
$$;
