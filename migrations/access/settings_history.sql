-- `service` reads the history; functions of `edge_owner` add to it. Nobody changes or deletes a row.

grant select on public.settings_history to service;
grant select, insert on public.settings_history to edge_owner;

create policy settings_history_service on public.settings_history for select to service using (true);
create policy settings_history_edge_owner on public.settings_history for all to edge_owner
  using (true) with check (true);

-- example:
-- insert into public.settings_history (key, version, value, changed_by) values ('verify_first', 2, 'true', $1)
