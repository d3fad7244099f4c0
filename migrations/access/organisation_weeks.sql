-- Functions of `edge_owner` compute the aggregates and show them to managers; `service` reads them. People have no
-- grant.

grant select on public.organisation_weeks to service;
grant select, insert, update, delete on public.organisation_weeks to edge_owner;

create policy organisation_weeks_service on public.organisation_weeks for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.organisation_weeks (organisation_id, week, members, kaizen_members, zazen_members)
-- select o.id, date '2026-01-05', 1, 1, 0 from public.organisations o where o.created_by = $1
