-- Takes an event of Stripe, which says who a customer is and what a subscription has become.
--
-- `event` is {id, type, created_at, is_live, customer, user_id, subscription}, where `subscription` is null or {id, state,
-- before, after}: `state` is {status, period_start, period_end, is_ending}, or null for a checkout; `before` and `after` are
-- as in `subscription_events`. Outcomes: `applied`; `outdated`, a later event was there; `duplicate`; `ignored`, an event
-- without a customer.
--
-- Stripe repeats its events and sends them in any order. All events of a subscription are kept, and its row is computed from
-- them by the order that is in themselves (`edge.subscription_history`); an ended subscription stays ended. Whatever order
-- they arrive in, the row ends the same. Who a subscription is for is what its latest event says of it that says so, else who
-- its customer is, and that follows the same rule: from ids that we gave Stripe and never from an address.
--
-- A period is paid, whatever is due now, if the subscription was active in it and no payment was due before its fourth day:
-- Stripe takes up to three days to find a renewal unpaid.
create or replace function edge.stripe_event(event jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  told constant jsonb := nullif(event -> 'subscription', 'null');
  moment constant timestamptz := event ->> 'created_at';
  person constant uuid := (select u.id from public.users u where u.id = (event ->> 'user_id')::uuid);
  concerned uuid[];
  owner uuid;
  latest record;
  due_since timestamptz;
  paid_end timestamptz;
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

  -- People are locked before what is theirs.
  concerned := array(
    select person union
    select c.user_id from public.stripe_customers c where c.customer = event ->> 'customer' union
    select s.user_id from public.user_subscriptions s
    where s.subscription = told ->> 'id' or s.customer = event ->> 'customer');
  perform from public.users u where u.id = any (concerned) order by u.id for no key update;

  insert into public.stripe_customers as c (customer, user_id, linked_at, linked_by)
  values (event ->> 'customer', person, case when person is not null then moment end,
    case when person is not null then event ->> 'id' end)
  on conflict (customer) do update
  set user_id = excluded.user_id, linked_at = excluded.linked_at, linked_by = excluded.linked_by
  where excluded.user_id is not null
    and (c.user_id is null or (excluded.linked_at, excluded.linked_by) > (c.linked_at, c.linked_by));
  is_applied := found;

  if told is not null then
    insert into public.user_subscriptions (subscription, customer, status, is_live, event_at, event_id)
    values (told ->> 'id', event ->> 'customer', 'incomplete', (event ->> 'is_live')::boolean, moment, event ->> 'id')
    on conflict (subscription) do nothing;
    perform from public.user_subscriptions s where s.subscription = told ->> 'id' for no key update;
    insert into public.subscription_events (subscription, event_at, event_id, type, named, state, before, after)
    values (told ->> 'id', moment, event ->> 'id', event ->> 'type', person, nullif(told -> 'state', 'null'),
      nullif(told -> 'before', 'null'), nullif(told -> 'after', 'null'));

    select h.event_id, h.event_at, h.state into latest
    from edge.subscription_history(told ->> 'id') with ordinality as h
    order by h.state ->> 'status' in ('canceled', 'incomplete_expired') desc, h.ordinality desc limit 1;

    if latest.state ->> 'status' = 'past_due' then
      with history as (
        select h.*, h.state ->> 'status' = 'past_due' as is_unpaid,
          (h.state ->> 'period_start')::timestamptz as start, (h.state ->> 'period_end')::timestamptz as stop
        from edge.subscription_history(told ->> 'id') with ordinality as h
      ), unpaid as (
        select h.* from history h
        where h.ordinality > coalesce((select max(o.ordinality) from history o where not o.is_unpaid), 0)
      ), first as (
        select u.* from unpaid u order by u.ordinality limit 1
      )
      select
        (select min(u.received_at) from unpaid u),
        (select max(p.stop)
         from first f
         cross join lateral (
           select h.stop, least(min(h.start), min(h.event_at)) as since
           from history h where h.ordinality < f.ordinality and h.state ->> 'status' = 'active' group by h.stop
           union all
           select f.stop, f.start
           where f.before ->> 'status' = 'active' and f.before -> 'period_start' = f.after -> 'period_start'
             and f.before -> 'period_end' = f.after -> 'period_end') as p
         where p.since + interval '3 days' <= f.event_at)
      into due_since, paid_end;
    end if;

    if latest.event_id is not null then
      update public.user_subscriptions s
      set customer = event ->> 'customer', status = latest.state ->> 'status',
        period_start = (latest.state ->> 'period_start')::timestamptz, period_end = (latest.state ->> 'period_end')::timestamptz,
        is_ending = (latest.state ->> 'is_ending')::boolean, is_live = (event ->> 'is_live')::boolean,
        unpaid_since = due_since, paid_until = paid_end,
        event_at = latest.event_at, event_id = latest.event_id, updated_at = edge.now()
      where s.subscription = told ->> 'id';
    end if;
    is_applied := is_applied or coalesce(latest.event_id = event ->> 'id', false);
  end if;

  update public.user_subscriptions s
  set user_id = f.user_id, updated_at = edge.now()
  from (
    select s.subscription, coalesce(
      (select e.named from public.subscription_events e
       where e.subscription = s.subscription and e.named is not null
       order by e.event_at desc, e.state is not null desc, e.event_id desc limit 1),
      (select c.user_id from public.stripe_customers c where c.customer = s.customer)) as user_id
    from public.user_subscriptions s
    where s.subscription = told ->> 'id' or s.customer = event ->> 'customer') as f
  where f.subscription = s.subscription and s.user_id is distinct from f.user_id;
  is_applied := is_applied or found;
  if not is_applied then
    return jsonb_build_object('outcome', 'outdated');
  end if;

  select coalesce(s.user_id, c.user_id) into owner
  from public.stripe_customers c
  left join public.user_subscriptions s on s.subscription = told ->> 'id'
  where c.customer = event ->> 'customer';
  -- What these people see of their account has changed, and so must its ETag.
  update public.users u set updated_at = edge.now() where u.id = any (concerned) or u.id = owner;
  perform edge.audit_as(owner, 'subscriptions.changed',
    jsonb_strip_nulls(jsonb_build_object('event', event ->> 'id', 'status', told -> 'state' ->> 'status')));
  return jsonb_build_object('outcome', 'applied');
end
$$;

grant execute on function edge.stripe_event(jsonb) to service;
