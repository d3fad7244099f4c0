-- Functions of `edge_owner` compute and show them; `service` reads them. People have no grant.

grant select on public.exploration_weeks to service;
grant select, insert, update, delete on public.exploration_weeks to edge_owner;

create policy exploration_weeks_service on public.exploration_weeks for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.exploration_weeks (week, type)
-- select date '2026-01-05', 'example_' || gen_random_uuid() where $1::uuid is not null
