-- Data of the product. People see what is won or not hidden through `edge.achievements_of`, which hides the rest.

grant select on public.achievements to edge_owner, service;

create policy achievements_service on public.achievements for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.achievements (id, name, name_en, description, description_en, category, rarity, conditions, is_hidden)
-- values ('example', 'Un exemple', 'An example', 'Un exemple.', 'An example.', 'start', 'common', '[{"metric": "sessions", "at_least": 1}]', true)
