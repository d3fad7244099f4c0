-- Only administration reads reports: there is no grant to people at all. `service` writes and reads them; functions of
-- `edge_owner` purge them.

grant select, insert, update on public.qa_reports to service;
grant select, update, delete on public.qa_reports to edge_owner;

create policy qa_reports_service on public.qa_reports for all to service, edge_owner using (true) with check (true);

create trigger qa_reports_touch before update on public.qa_reports for each row execute function edge.touch();

comment on column public.qa_reports.created_at is 'retention: setting';

-- example:
-- insert into public.qa_reports (repository, commit_sha, branch, workflow, run_id, status)
-- values ('example/oree', repeat('0', 40), 'main', gen_random_uuid()::text, 1, 'success')
