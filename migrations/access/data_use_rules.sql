-- `edge.readable_since` reads them. Steps add and change them, and nobody else.

grant select on public.data_use_rules to service, edge_owner;

create policy data_use_rules_service on public.data_use_rules for select to service, edge_owner using (true);

-- example:
-- insert into public.data_use_rules (origin, others, ai, aggregates, leaderboards, source, read_on) values ('example', false, false, false, false, 'https://example.org/terms', '2026-11-28')
