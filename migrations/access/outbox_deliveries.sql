-- Functions of `edge_owner` record attempts; `service` reads them. An attempt is never changed.

grant select on public.outbox_deliveries to service;
grant select, insert, delete on public.outbox_deliveries to edge_owner;

create policy outbox_deliveries_service on public.outbox_deliveries for select to service using (true);
create policy outbox_deliveries_edge_owner on public.outbox_deliveries for all to edge_owner
  using (true) with check (true);

-- example:
-- insert into public.outbox_deliveries (outbox_id, attempt, outcome, http_status)
-- select o.id, 1, 'retry', 503 from public.outbox o where o.user_id = $1
