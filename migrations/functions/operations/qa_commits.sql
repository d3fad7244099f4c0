-- Commits with the latest run of each of their workflows: of a repository, a branch and a workflow (null for any), reported from one day
-- to another, in UTC. Those of a fork stand apart, by its owner in `fork`, even where a commit is in both.
--
-- `status` is the worst that the latest runs say: `failure`, `cancelled`, `in_progress`, `success`, or `neutral`. The latest
-- is of the highest run number, and of its attempts the last.
create or replace function edge.qa_commits(of_repository text, of_branch text, of_workflow text, from_day date, to_day date)
returns table (repository text, commit_sha text, fork text, branch text, status text, title text, reported_at timestamptz, runs jsonb)
language sql stable security definer set search_path = ''
as $$
  with latest as (
    select distinct on (r.repository, r.commit_sha, o.fork, r.workflow) r.*, o.fork
    from edge.qa_reports_of(qa_commits.of_repository, qa_commits.of_branch, qa_commits.of_workflow,
      qa_commits.from_day, qa_commits.to_day) as r
    cross join lateral (select case when strpos(r.branch, ':') > 0 then split_part(r.branch, ':', 1) else '' end as fork) as o
    order by r.repository, r.commit_sha, o.fork, r.workflow, r.run_id desc, r.attempt desc)
  select l.repository, l.commit_sha, l.fork, min(l.branch),
    case
      when bool_or(l.status in ('failure', 'timed_out', 'startup_failure', 'action_required')) then 'failure'
      when bool_or(l.status in ('cancelled', 'stale')) then 'cancelled'
      when bool_or(l.status in ('requested', 'queued', 'pending', 'waiting', 'in_progress')) then 'in_progress'
      when bool_or(l.status = 'success') then 'success'
      else 'neutral' end,
    left(coalesce(min(l.summary) filter (where l.is_concluded), ''), 200), max(l.created_at),
    jsonb_agg(jsonb_build_object('workflow', l.workflow, 'run_id', l.run_id, 'attempt', l.attempt, 'status', l.status,
      'url', l.url, 'duration_ms', l.duration_ms,
      'tests', case when l.format is not null then jsonb_build_object('tests', l.tests, 'passed', l.passed,
        'failed', l.failed, 'skipped', l.skipped, 'flaky', l.flaky) end) order by l.workflow)
  from latest l
  group by l.repository, l.commit_sha, l.fork
$$;
