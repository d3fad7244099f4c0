-- Nobody but functions of `edge_owner` reads or writes what Stripe told; what came of it is in `user_subscriptions`.

grant select, insert, update, delete on public.subscription_events to edge_owner;

create policy subscription_events_edge_owner on public.subscription_events for all to edge_owner using (true) with check (true);

-- Longer than a paid year and the time in which Stripe tries to be paid after it.
comment on column public.subscription_events.received_at is 'retention: 500 days';

-- example:
-- insert into public.subscription_events (subscription, event_at, event_id, type, named)
-- select s.subscription, edge.now(), 'evt_' || s.subscription, 'checkout.session.completed', $1
-- from public.user_subscriptions s where s.user_id = $1
