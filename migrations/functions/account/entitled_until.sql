-- Until when a subscription entitles its person to PREMIUM; null where it does not.
--
-- A subscription that will not be renewed entitles until its period ends. One that renews itself goes on for the grace
-- period (the setting `subscription_grace_days`), in which Stripe tries to be paid. Where no event has told the end of the
-- period, it counts from the event that said how the subscription stands.
--
-- One with a payment due entitles for the grace period from when we learnt of it, never from before, and in any case until
-- the end of a period that is paid: what is due in a paid period is something else, such as the difference to a dearer price.
-- Every other status of Stripe, and one that we do not know, entitles to nothing.
create or replace function edge.entitled_until(s public.user_subscriptions) returns timestamptz
language sql stable security definer set search_path = ''
as $$
  select case
    when s.status in ('active', 'trialing') and s.is_ending then coalesce(s.period_end, s.event_at + grace)
    when s.status in ('active', 'trialing') then coalesce(s.period_end, s.event_at) + grace
    when s.status = 'past_due' then greatest(coalesce(s.unpaid_since, s.event_at) + grace, s.paid_until) end
  from (select make_interval(days => (edge.setting('subscription_grace_days') #>> '{}')::int)) as setting (grace)
$$;
