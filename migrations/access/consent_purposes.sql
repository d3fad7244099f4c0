-- Functions of `edge_owner` tell people which purposes there are; `service` reads them. Steps add them, and nobody changes one:
-- what people have agreed to stays as they read it.

grant select on public.consent_purposes to service, edge_owner;

create policy consent_purposes_service on public.consent_purposes for select to service, edge_owner using (true);

create trigger consent_purposes_append_only before update or delete or truncate on public.consent_purposes
  for each statement execute function edge.refuse_change();

-- example:
-- insert into public.consent_purposes (purpose, version, text_fr, text_en) values ('example', 1, 'Un exemple.', 'An example.')
