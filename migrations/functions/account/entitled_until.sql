-- Until when a subscription entitles its person to PREMIUM; null where it does not.
--
-- A subscription that will not be renewed entitles until its period ends. One that renews itself goes on for the grace
-- period (the setting `subscription_grace_days`), in which Stripe tries to be paid. An unpaid renewal has begun a new
-- period, so its grace counts from the beginning of that. Every other status of Stripe, and one that we do not know,
-- entitles to nothing.
create or replace function edge.entitled_until(s public.user_subscriptions) returns timestamptz
language sql stable security definer set search_path = ''
as $$
  select case
    when s.status in ('active', 'trialing') and s.is_ending then s.period_end
    when s.status in ('active', 'trialing') then s.period_end + grace
    when s.status = 'past_due' then s.period_start + grace end
  from (select make_interval(days => (edge.setting('subscription_grace_days') #>> '{}')::int)) as setting (grace)
$$;
