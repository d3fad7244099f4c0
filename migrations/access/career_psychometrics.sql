-- Functions of `edge_owner` compute and show them; `service` reads them. People have no grant.

grant select on public.career_psychometrics to service;
grant select, insert, update, delete on public.career_psychometrics to edge_owner;

create policy career_psychometrics_service on public.career_psychometrics for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.career_psychometrics (question_set_version, lang, scale, people, items)
-- select 'example-' || gen_random_uuid(), 'fr', 'EI', 100, '[]' where $1::uuid is not null
