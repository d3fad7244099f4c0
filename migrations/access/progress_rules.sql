-- `service` reads and writes the rules; functions of `edge_owner` read them and tell people what they are.

grant select, insert, update, delete on public.progress_rules to service;
grant select on public.progress_rules to edge_owner;

create policy progress_rules_service on public.progress_rules for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.progress_rules
--   (code, kind, metric, threshold, points, position, name_fr, name_en, about_fr, about_en)
-- values ('example_' || replace(gen_random_uuid()::text, '-', ''), 'badge', 'kaizen_days', 1000, 10, 99,
--   'Mille pas', 'A thousand steps', '1000 jours de kaizen.', '1000 days of kaizen.')
