-- The events that tell what became of a subscription, {event_id, event_at, received_at, state, before, after}, from the
-- first to the last.
--
-- Their time counts whole seconds. Within one second their order is what they say themselves: an event tells what it changed
-- (`before`), so it follows the event after which things stood like that. What cannot be told that way is settled so that it
-- matters least: `created` first and `deleted` last, before the others what tells no change (a reminder repeats the state of some moment of that
-- second), and a circle begins where it ends in favour of the person. The order depends on the set of events alone, not on when they came.
create or replace function edge.subscription_history(subscription text)
returns table (event_id text, event_at timestamptz, received_at timestamptz, state jsonb, before jsonb, after jsonb)
language plpgsql stable security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  entitling constant text[] := array['active', 'trialing'];
  second record;
  next public.subscription_events;
  -- How things stand before the next event, and what the last event before it said.
  present jsonb;
  latest jsonb;
  placed text[];
begin
  for second in
    select e.event_at as moment, count(*) as events from public.subscription_events e
    where e.subscription = subscription_history.subscription and e.state is not null
    group by e.event_at order by e.event_at
  loop
    placed := '{}';
    present := latest;
    for place in 1 .. second.events loop
      select e.* into next
      from public.subscription_events e
      cross join lateral (select
        exists (
          select from public.subscription_events o
          where o.subscription = e.subscription and o.event_at = e.event_at and o.event_id <> e.event_id
            and o.event_id <> all (placed) and o.before = e.after) as leads_on,
        exists (
          select from public.subscription_events o
          where o.subscription = e.subscription and o.event_at = e.event_at and o.event_id <> e.event_id
            and o.event_id <> all (placed) and o.after = e.before) as is_led_to) as chain
      where e.subscription = subscription_history.subscription and e.event_at = second.moment and e.state is not null
        and e.event_id <> all (placed)
      order by e.type = 'customer.subscription.deleted', e.before is null desc, e.type = 'customer.subscription.created' desc,
        e.before = present desc nulls last, case when e.before = present then not chain.leads_on else chain.is_led_to end,
        -- A circle begins where it entitles, for there it ends; what tells no change ends where it entitles.
        (coalesce(e.before, e.state) ->> 'status' = any (entitling)) = (e.before is not null) desc, e.event_id
      limit 1;
      placed := placed || next.event_id;
      latest := next.after;
      if next.before is not null or next.type = 'customer.subscription.created' then
        present := latest;
      end if;
      event_id := next.event_id;
      event_at := next.event_at;
      received_at := next.received_at;
      state := next.state;
      before := next.before;
      after := next.after;
      return next;
    end loop;
  end loop;
end
$$;
