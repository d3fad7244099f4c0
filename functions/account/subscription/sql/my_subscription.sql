-- The tier of the person of this request, why they have it, and what it entitles to.
--
-- Returns {tier, is_granted, subscription, entitlements}. `is_granted` says that an administrator has given the tier.
-- `subscription` is the one that entitles longest, {status, period_end, is_ending, entitled_until}, or null. `entitlements`
-- are every setting by tier, [{name, allowed, premium}]: what this tier and what PREMIUM allows.
create or replace function edge.my_subscription() returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'tier', edge.tier(u.id),
    'is_granted', u.tier = 'PREMIUM',
    'subscription', (
      select jsonb_build_object('status', s.status, 'period_end', s.period_end, 'is_ending', s.is_ending,
        'entitled_until', edge.entitled_until(s))
      from public.user_subscriptions s
      where s.user_id = u.id
      order by edge.entitled_until(s) desc nulls last, s.event_at desc
      limit 1),
    'entitlements', (
      select jsonb_agg(jsonb_build_object('name', s.key, 'allowed', edge.entitlement(s.key),
        'premium', (s.value ->> 'PREMIUM')::int) order by s.key)
      from public.settings s where s.value ?& array['FREE', 'PREMIUM'] and not s.is_secret))
  from public.users u where u.id = edge.uid()
$$;

grant execute on function edge.my_subscription() to authenticated;
