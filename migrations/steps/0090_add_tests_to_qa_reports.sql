-- Reports say how their tests ended, where a file of tests came.

alter table public.qa_reports
  -- Whether the status is GitHub's conclusion; else it is what the tests come to.
  add column is_concluded boolean not null default true,
  add column format text check (format in ('ctrf', 'junit')),
  add column tests integer check (tests >= 0),
  add column passed integer check (passed >= 0),
  add column failed integer check (failed >= 0),
  add column skipped integer check (skipped >= 0),
  add column flaky integer check (flaky >= 0),
  add constraint qa_reports_tests_whole check (num_nulls(format, tests, passed, failed, skipped, flaky) in (0, 6)),
  add constraint qa_reports_tests_add_up check (tests = passed + failed + skipped + flaky);

create index qa_reports_workflow_idx on public.qa_reports (repository, workflow, created_at desc);
