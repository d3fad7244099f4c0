-- A person's account, for its owner, administrators and privacy operations; null where there is no such account.
--
-- It is as `edge.account_json` has it. Whoever is not its owner leaves a row in the audit log. Raises `OR403 forbidden` for
-- everybody else.
create or replace function edge.read_account(person uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform edge.act_for(read_account.person, 'accounts.read');
  return (select edge.account_json(u) from public.users u where u.id = read_account.person);
end
$$;

grant execute on function edge.read_account(uuid) to authenticated;
