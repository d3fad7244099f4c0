-- People see which customer they are; only functions of `edge_owner` write it. `service` reads it.

grant select on public.stripe_customers to authenticated, service;
grant select, insert, update, delete on public.stripe_customers to edge_owner;

create policy stripe_customers_owner on public.stripe_customers for select to authenticated
  using ((select edge.uid()) = user_id);
create policy stripe_customers_service on public.stripe_customers for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.stripe_customers (customer, user_id) values ('cus_' || $1::uuid::text, $1)
