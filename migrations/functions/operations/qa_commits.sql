-- Commits and how they stand: of a repository, a branch and a workflow (null for any), reported from one day to another, in UTC. Those
-- of a fork stand apart, by its owner in `fork`, even where a commit is in both.
--
-- `status` is the worst that the latest runs of its workflows say: `failure`, `cancelled`, `in_progress`, `success`, or `neutral`. The
-- latest is of the highest run number, and of its attempts the last; `reports` are their ids, in the order of the workflows' names.
create or replace function edge.qa_commits(of_repository text, of_branch text, of_workflow text, from_day date, to_day date)
returns table (repository text, commit_sha text, fork text, status text, reported_at timestamptz, reports bigint[])
language sql stable security definer set search_path = ''
as $$
  with latest as (
    select distinct on (r.repository, r.commit_sha, o.fork, r.workflow)
      r.id, r.repository, r.commit_sha, o.fork, r.workflow, r.status, r.created_at
    from edge.qa_reports_of(qa_commits.of_repository, qa_commits.of_branch, qa_commits.of_workflow,
      qa_commits.from_day, qa_commits.to_day) as r
    cross join lateral (select case when strpos(r.branch, ':') > 0 then split_part(r.branch, ':', 1) else '' end as fork) as o
    order by r.repository, r.commit_sha, o.fork, r.workflow, r.run_id desc, r.attempt desc)
  select l.repository, l.commit_sha, l.fork,
    case
      when bool_or(l.status in ('failure', 'timed_out', 'startup_failure', 'action_required')) then 'failure'
      when bool_or(l.status in ('cancelled', 'stale')) then 'cancelled'
      when bool_or(l.status in ('requested', 'queued', 'pending', 'waiting', 'in_progress')) then 'in_progress'
      when bool_or(l.status = 'success') then 'success'
      else 'neutral' end,
    max(l.created_at), array_agg(l.id order by l.workflow)
  from latest l
  group by l.repository, l.commit_sha, l.fork
$$;
