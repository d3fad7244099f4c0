-- Only administrators and the role `qa` go on: reports of quality are for nobody else. Raises `OR403 forbidden`.
create or replace function edge.require_qa() returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if edge.role() not in ('admin', 'qa') then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
end
$$;
