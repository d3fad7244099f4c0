-- People see the subscriptions that are for them; only functions of `edge_owner` write them. `service` reads them.

grant select on public.user_subscriptions to authenticated, service;
grant select, insert, update, delete on public.user_subscriptions to edge_owner;

create policy user_subscriptions_owner on public.user_subscriptions for select to authenticated
  using ((select edge.uid()) = user_id);
create policy user_subscriptions_service on public.user_subscriptions for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.user_subscriptions
--   (subscription, customer, user_id, status, period_start, period_end, is_live, event_at, event_id)
-- values ('sub_' || $1::uuid::text, 'cus_' || $1::uuid::text, $1, 'active', edge.now(), edge.now() + interval '30 days', false,
--   edge.now(), 'evt_' || $1::uuid::text)
