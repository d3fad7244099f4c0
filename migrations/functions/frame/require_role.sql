-- Lets only people of some roles go on. Raises `OR403 forbidden`.
create or replace function edge.require_role(roles text[]) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if (edge.role() = any (require_role.roles)) is not true then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
end
$$;
