-- Lists the accounts whose e-mail address or name contains a text, newest first; for administrators and privacy operations.
--
-- At most `max` rows, each as `edge.account_json` has it, after the account that was created at `after_created_at` with the
-- id `after_id` (null for the first). `search` null finds all; `state` is `active`, `inactive`, `banned` or `erased`, null
-- for any. Listing is written to the audit log. Raises `OR403 forbidden`.
create or replace function edge.list_accounts(
  search text, state text, after_created_at timestamptz, after_id uuid, max integer
) returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin', 'privacy']);
  perform edge.audit('accounts.listed',
    jsonb_strip_nulls(jsonb_build_object('searched', list_accounts.search is not null, 'state', list_accounts.state)));
  return query
  select edge.account_json(u)
  from public.users u
  where (list_accounts.search is null or position(lower(list_accounts.search) in lower(u.email)) > 0
      or position(lower(normalize(list_accounts.search, nfc)) in lower(normalize(u.name, nfc))) > 0)
    and (list_accounts.state is null or list_accounts.state = case
      when u.deleted_at is not null then 'erased' when u.is_banned then 'banned'
      when not u.is_active then 'inactive' else 'active' end)
    and (list_accounts.after_id is null
      or (u.created_at, u.id) < (list_accounts.after_created_at, list_accounts.after_id))
  order by u.created_at desc, u.id desc
  limit list_accounts.max;
end
$$;

grant execute on function edge.list_accounts(text, text, timestamptz, uuid, integer) to authenticated;
