-- Closes a person's account at once; it is deleted after a grace period, in which an administrator can restore it.
--
-- The grace period is the setting `erasure_grace_days`. Sessions and links end, and an organisation that nobody else manages
-- is handed over (`edge.hand_over`). The letter that says so is left to the next run of `operations-reconcile-jobs`: the
-- session that asked, and would settle the letter, ends here.
--
-- Outcomes: `ok` {erased_at}, when the account is deleted, also when repeated; `not_found`. Raises `OR403 forbidden` for
-- everybody but the owner, administrators and privacy operations.
create or replace function edge.erase_account(person uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  grace constant interval := make_interval(days => coalesce((edge.setting('erasure_grace_days') #>> '{}')::int, 30));
  found public.users;
begin
  perform edge.act_for(erase_account.person, 'accounts.erased');
  -- Organisations are locked before people, as everywhere.
  perform from public.organisations o
  where o.id in (select m.organisation_id from public.organisation_members m where m.user_id = erase_account.person)
  order by o.id
  for update;
  select u.* into found from public.users u where u.id = erase_account.person for no key update;
  if found.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif found.deleted_at is null then
    update public.users u set deleted_at = edge.now() where u.id = found.id;
    perform edge.hand_over(m.organisation_id)
    from public.organisation_members m where m.user_id = found.id and m.role = 'manager';
    perform edge.revoke_sessions(found.id, 'erasure'),
      edge.spend_tokens(found.id, array['email_verification', 'email_change', 'password_reset']),
      edge.audit_as(found.id, 'accounts.erasure_asked', '{}'),
      edge.mail(found.id, 'erasure', found.email, found.locale);
  end if;
  return jsonb_build_object('outcome', 'ok', 'erased_at', coalesce(found.deleted_at, edge.now()) + grace);
end
$$;

grant execute on function edge.erase_account(uuid) to authenticated;
