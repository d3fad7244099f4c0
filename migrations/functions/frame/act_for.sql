-- Lets the owner of a person's data pass, and administrators; refuses everybody else.
--
-- An administrator may do for anybody what the owner may, and some things that no owner may; privacy operations may read and
-- erase accounts (`accounts.read`, `accounts.erased`). Each time somebody else's data is used, the audit log says by whom:
-- whoever passes and is not the owner leaves a row `action`, with `metadata.subject` for the person and the given
-- `metadata`. Raises `OR403 forbidden`.
create or replace function edge.act_for(person uuid, action text, metadata jsonb default '{}') returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if act_for.person = edge.uid() then
    return;
  elsif not (edge.is_admin() or (edge.role() = 'privacy' and act_for.action in ('accounts.read', 'accounts.erased'))) then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.audit(act_for.action, jsonb_build_object('subject', act_for.person) || act_for.metadata);
end
$$;
