-- Writes to people whose entitlement is about to end, and logs the entitlements that have ended.
--
-- A person is written to once per end, `subscription_notice_days` (a setting) before it, and at once where a renewal is
-- unpaid; whoever stays PREMIUM loses nothing and gets no letter, and nobody is written to about a subscription that renews
-- itself while its paid period lasts. Outcome: `ok` {noticed, ended, more}: at most `batch` subscriptions; `more` says that
-- there may be more. The letters are left to the next run of `operations-reconcile-jobs`.
create or replace function edge.expire_subscriptions(batch integer default 100) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  notice constant interval := make_interval(days => (edge.setting('subscription_notice_days') #>> '{}')::int);
  due record;
  noticed integer := 0;
  ended integer := 0;
  seen integer := 0;
begin
  for due in
    select s.subscription, e.until, e.until <= edge.now() as is_over, u.id, u.email, u.locale, u as person,
      -- Somebody who stays PREMIUM loses nothing.
      u.tier = 'PREMIUM' or exists (
        select from public.user_subscriptions o
        where o.user_id = u.id and edge.entitled_until(o) > e.until) as stays
    from public.user_subscriptions s
    join public.users u on u.id = s.user_id and u.deleted_at is null,
      lateral (select edge.entitled_until(s) as until) as e
    where (e.until <= edge.now() and s.logged_end is distinct from e.until)
      or (e.until > edge.now() and s.noticed_end is distinct from e.until
        and (s.status = 'past_due'
          or (e.until <= edge.now() + notice and (s.is_ending or coalesce(s.period_end, s.event_at) <= edge.now()))))
    order by e.until, s.subscription
    limit expire_subscriptions.batch
    -- Whoever is busy is left to the next run: nobody's row is waited for while the subscription's is held.
    for no key update of u, s skip locked
  loop
    seen := seen + 1;
    update public.user_subscriptions s
    set logged_end = case when due.is_over then due.until else s.logged_end end,
      noticed_end = case when due.is_over then s.noticed_end else due.until end
    where s.subscription = due.subscription;
    if due.is_over then
      ended := ended + 1;
      update public.users u set updated_at = edge.now() where u.id = due.id;
      perform edge.audit_as(due.id, 'subscriptions.ended', jsonb_build_object('ended_at', due.until));
    elsif not due.stays then
      noticed := noticed + 1;
      perform edge.mail(due.id, 'subscription_ending', due.email, due.locale,
        about => edge.day_to_tell(due.person, due.until));
    end if;
  end loop;
  return jsonb_build_object('outcome', 'ok', 'noticed', noticed, 'ended', ended,
    'more', seen >= expire_subscriptions.batch);
end
$$;

grant execute on function edge.expire_subscriptions(integer) to service;
