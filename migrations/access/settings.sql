-- Nobody reads or writes a setting directly but `service`; functions of `edge_owner` read settings and change their
-- values. People see no setting: what they may know of one, a function tells.

grant select, insert, update, delete on public.settings to service;
grant select, update (value, updated_by) on public.settings to edge_owner;

create policy settings_service on public.settings for all to service, edge_owner using (true) with check (true);

-- What `settings.sql` says of a setting is no change of it.
create trigger settings_touch before update of value on public.settings for each row execute function edge.touch();

-- example:
-- insert into public.settings (key, value) values ('example.' || replace(gen_random_uuid()::text, '-', ''), 'true')
