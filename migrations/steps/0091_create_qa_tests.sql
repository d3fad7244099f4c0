-- Tests of a report that are kept by name: those that failed or were flaky, and, of those that ever did or were, the passes. That
-- is what it takes to tell a flaky test; what always passes is a number in its report.

create table public.qa_tests (
  report_id bigint not null references public.qa_reports (id) on delete cascade,
  -- The first eight bytes of the name's SHA-256.
  key bigint not null,
  name text not null check (char_length(name) between 1 and 500),
  ending text not null check (ending in ('passed', 'failed', 'flaky')),
  message text check (char_length(message) <= 1000),
  duration_ms bigint check (duration_ms >= 0),
  primary key (report_id, key)
);

alter table public.qa_tests enable row level security;
revoke all on public.qa_tests from public, anon, authenticated;
