-- People see the subscriptions of the customers that they are; only functions of `edge_owner` write them. `service`
-- reads them.

grant select on public.user_subscriptions to authenticated, service;
grant select, insert, update, delete on public.user_subscriptions to edge_owner;

create policy user_subscriptions_owner on public.user_subscriptions for select to authenticated
  using (exists (
    select from public.stripe_customers c
    where c.customer = user_subscriptions.customer and c.user_id = (select edge.uid())));
create policy user_subscriptions_service on public.user_subscriptions for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.user_subscriptions
--   (subscription, customer, status, period_start, period_end, is_live, event_at, event_rank, event_id)
-- select 'sub_' || c.customer, c.customer, 'active', edge.now(), edge.now() + interval '30 days', false,
--   edge.now(), 12, 'evt_' || c.customer
-- from public.stripe_customers c where c.user_id = $1
