-- `service` reads the history; functions of `edge_owner` measure, and tell administrators and the role `qa`. Nobody
-- deletes a row.

grant select on public.job_latencies to service;
grant select, insert, update on public.job_latencies to edge_owner;

create policy job_latencies_service on public.job_latencies for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.job_latencies (day, kind, endpoint, measure, jobs, p50_ms, p95_ms, max_ms)
-- values (edge.today(), 'scene', 'example-' || gen_random_uuid(), 'queue_delay', 20, 900, 4000, 9000)
