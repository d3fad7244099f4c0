-- Members see their organisations; only functions of `edge_owner` found, rename and end them. `service` reads them.

grant select on public.organisations to authenticated, service;
grant select, insert, update, delete on public.organisations to edge_owner;

create policy organisations_owner on public.organisations for select to authenticated
  using (exists (
    select from public.organisation_members m where m.organisation_id = id and m.user_id = (select edge.uid())));
create policy organisations_service on public.organisations for all to service, edge_owner
  using (true) with check (true);

create trigger organisations_touch before update on public.organisations
  for each row when (old.name is distinct from new.name) execute function edge.touch();

-- example:
-- insert into public.organisations (name, created_by) values ('Atelier', $1)
