-- Closes a person's account at once; it is deleted after a grace period, in which it can be opened again.
--
-- The grace period is the setting `erasure_grace_days`; in it the person (`edge.login`) or an administrator takes the erasure
-- back. Stripe is never asked, so a subscription goes on: the answer and the letter say so, and where to end it: on the page of
-- the setting `billing_page`, else on `page`. Sessions and links end, and an organisation that nobody else manages
-- is handed over (`edge.hand_over`). The letter that says so is left to the next run of `operations-reconcile-jobs`: the
-- session that asked, and would settle the letter, ends here.
--
-- Returns {erased_at, payments}, when the account is deleted, also when repeated, and where to end payments that go on,
-- {page}, or null where there are none. Raises `OR404 not_found`, and `OR403 forbidden` for everybody but the owner,
-- administrators and privacy operations.
create or replace function edge.erase_account(person uuid, page text default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found public.users;
  billing text;
begin
  perform edge.act_for(erase_account.person, 'accounts.erased');
  -- Organisations are locked before people, as everywhere.
  perform from public.organisations o
  where o.id in (select m.organisation_id from public.organisation_members m where m.user_id = erase_account.person)
  order by o.id
  for update;
  select u.* into found from public.users u where u.id = erase_account.person for no key update;
  if found.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  if exists (
    select from public.user_subscriptions s
    where s.user_id = found.id and s.status in ('trialing', 'active', 'past_due', 'unpaid') and not s.is_ending)
  then
    billing := coalesce(nullif(edge.setting('billing_page') #>> '{}', ''), erase_account.page);
  end if;
  if found.deleted_at is null then
    update public.users u
    set deleted_at = edge.now(),
      erases_at = edge.now() + make_interval(days => coalesce((edge.setting('erasure_grace_days') #>> '{}')::int, 30))
    where u.id = found.id
    returning u.* into found;
    perform edge.hand_over(m.organisation_id)
    from public.organisation_members m where m.user_id = found.id and m.role = 'manager';
    perform edge.revoke_sessions(found.id, 'erasure'),
      edge.spend_tokens(found.id, array['email_verification', 'email_change', 'password_reset']),
      edge.audit_as(found.id, 'accounts.erasure_asked', '{}'),
      edge.mail(found.id, case when billing is null then 'erasure' else 'erasure_paying' end, found.email, found.locale, billing,
        edge.day_to_tell(found, edge.erased_at(found)));
  end if;
  return jsonb_build_object('erased_at', edge.erased_at(found),
    'payments', case when billing is not null then jsonb_build_object('page', billing) end);
end
$$;

grant execute on function edge.erase_account(uuid, text) to authenticated;
