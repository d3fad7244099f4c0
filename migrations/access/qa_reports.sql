-- Only quality and administration read reports, and only by functions of `edge_owner`, which write and purge them too.

grant select, insert, update, delete on public.qa_reports to edge_owner;

create policy qa_reports_owner on public.qa_reports for all to edge_owner using (true) with check (true);

create trigger qa_reports_touch before update on public.qa_reports for each row execute function edge.touch();

comment on column public.qa_reports.created_at is 'retention: setting';

-- example:
-- insert into public.qa_reports (repository, commit_sha, branch, workflow, run_id, status)
-- values ('example/oree', repeat('0', 40), 'main', gen_random_uuid()::text, 1, 'success')
