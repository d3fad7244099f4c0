-- Results of continuous integration, one row per run and attempt of a workflow.

create table public.qa_reports (
  id bigint generated always as identity primary key,
  repository text not null check (octet_length(repository) between 1 and 200),
  commit_sha text not null,
  branch text check (octet_length(branch) between 1 and 255),
  workflow text not null check (char_length(workflow) between 1 and 200),
  run_id bigint not null check (run_id > 0),
  attempt integer not null default 1 check (attempt >= 1),
  status text not null,
  summary text not null default '' check (char_length(summary) <= 10000),
  url text check (octet_length(url) <= 2048),
  duration_ms bigint check (duration_ms >= 0),
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  constraint qa_reports_commit_sha_hex check (commit_sha ~ '^[0-9a-f]{40}([0-9a-f]{24})?$'),
  -- GitHub's words: a run's status until it ends, its conclusion from then on.
  constraint qa_reports_status_known check (status in (
    'requested', 'queued', 'pending', 'waiting', 'in_progress',
    'success', 'failure', 'neutral', 'cancelled', 'skipped', 'timed_out', 'action_required', 'stale',
    'startup_failure')),
  constraint qa_reports_run_key unique (repository, run_id, attempt, workflow)
);

create index qa_reports_created_idx on public.qa_reports (created_at desc, id desc);
create index qa_reports_commit_idx on public.qa_reports (commit_sha, created_at desc, id desc);
create index qa_reports_branch_idx on public.qa_reports (branch, created_at desc, id desc);

alter table public.qa_reports enable row level security;
revoke all on public.qa_reports from public, anon, authenticated;
revoke all on sequence public.qa_reports_id_seq from public, anon, authenticated;
