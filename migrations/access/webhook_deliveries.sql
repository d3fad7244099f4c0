-- `service` and functions of `edge_owner` record deliveries; only the latter purge them.

grant select, insert on public.webhook_deliveries to service;
grant select, insert, update, delete on public.webhook_deliveries to edge_owner;

create policy webhook_deliveries_service on public.webhook_deliveries for all to service, edge_owner
  using (true) with check (true);

comment on column public.webhook_deliveries.received_at is 'retention: setting';

-- example:
-- insert into public.webhook_deliveries (source, delivery_id, event)
-- values ('github', gen_random_uuid()::text, 'workflow_run')
