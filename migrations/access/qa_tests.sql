-- As the reports that they are of: nobody but functions of `edge_owner` reads or writes them.

grant select, insert, update, delete on public.qa_tests to edge_owner;

create policy qa_tests_owner on public.qa_tests for all to edge_owner using (true) with check (true);

-- example:
-- insert into public.qa_tests (report_id, key, name, ending)
-- select id, 1, 'adds up', 'failed' from public.qa_reports limit 1
