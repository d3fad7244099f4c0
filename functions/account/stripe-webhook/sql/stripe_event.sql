-- Takes an event of Stripe, which says who a customer is and what a subscription has become.
--
-- `event` is {id, type, created_at, is_live, customer, user_id, subscription}, where `subscription` is {id, status,
-- period_start, period_end, is_ending} or null. Outcomes: `applied`; `outdated`, a later event was there; `duplicate`;
-- `ignored`, an event without a customer.
--
-- Stripe repeats its events and sends them in any order. A subscription's row holds the state of its latest event, and
-- "latest" is a total order that is in the events themselves: an ended subscription stays ended; else the later `created_at`
-- wins, which counts whole seconds, so that within one second the further state wins, then the longer period, then the id.
-- Whatever order they arrive in, the row ends the same. Who a customer is follows the same rule, from ids that we gave
-- Stripe and never from an address.
create or replace function edge.stripe_event(event jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  told constant jsonb := nullif(event -> 'subscription', 'null');
  moment constant timestamptz := event ->> 'created_at';
  person uuid := (select u.id from public.users u where u.id = (event ->> 'user_id')::uuid);
  rank constant integer := (event ->> 'type' <> 'customer.subscription.created')::int * 10
    + coalesce(array_position(array['trialing', 'active', 'past_due', 'unpaid', 'paused'], told ->> 'status'), 0);
  ended constant text[] := array['canceled', 'incomplete_expired'];
  is_applied boolean;
begin
  insert into public.webhook_deliveries (source, delivery_id, event)
  values ('stripe', event ->> 'id', event ->> 'type')
  on conflict do nothing;
  if not found then
    return jsonb_build_object('outcome', 'duplicate');
  elsif event ->> 'customer' is null then
    return jsonb_build_object('outcome', 'ignored');
  end if;

  insert into public.stripe_customers as c (customer, user_id, linked_at, linked_by)
  values (event ->> 'customer', person, case when person is not null then moment end,
    case when person is not null then event ->> 'id' end)
  on conflict (customer) do update
  set user_id = excluded.user_id, linked_at = excluded.linked_at, linked_by = excluded.linked_by
  where excluded.user_id is not null
    and (c.user_id is null or (excluded.linked_at, excluded.linked_by) > (c.linked_at, c.linked_by));
  is_applied := found;

  if told is not null then
    insert into public.user_subscriptions as s (
      subscription, customer, status, period_start, period_end, is_ending, is_live, event_at, event_rank, event_id)
    values (told ->> 'id', event ->> 'customer', told ->> 'status', (told ->> 'period_start')::timestamptz,
      (told ->> 'period_end')::timestamptz, (told ->> 'is_ending')::boolean, (event ->> 'is_live')::boolean, moment, rank,
      event ->> 'id')
    on conflict (subscription) do update
    set customer = excluded.customer, status = excluded.status, period_start = excluded.period_start,
      period_end = excluded.period_end, is_ending = excluded.is_ending, is_live = excluded.is_live,
      event_at = excluded.event_at, event_rank = excluded.event_rank, event_id = excluded.event_id, updated_at = edge.now()
    where (excluded.status = any (ended), excluded.event_at, excluded.event_rank, excluded.period_end is not null,
        coalesce(excluded.period_end, '-infinity'), excluded.event_id)
      > (s.status = any (ended), s.event_at, s.event_rank, s.period_end is not null,
        coalesce(s.period_end, '-infinity'), s.event_id);
    is_applied := is_applied or found;
  end if;
  if not is_applied then
    return jsonb_build_object('outcome', 'outdated');
  end if;

  select c.user_id into person from public.stripe_customers c where c.customer = event ->> 'customer';
  -- What the person sees of their account has changed, and so must its ETag.
  update public.users u set updated_at = edge.now() where u.id = person;
  perform edge.audit_as(person, 'subscriptions.changed',
    jsonb_strip_nulls(jsonb_build_object('event', event ->> 'id', 'status', told ->> 'status')));
  return jsonb_build_object('outcome', 'applied');
end
$$;

grant execute on function edge.stripe_event(jsonb) to service;
