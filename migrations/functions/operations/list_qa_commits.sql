-- Lists commits by their latest report, the latest first; for administrators and the role `qa`.
--
-- At most `max` of `edge.qa_commits`, of a `status` (null for any), after the one that `after_at`, `after_repository` and
-- `after_commit` name (null for the first). Raises `OR403 forbidden`.
create or replace function edge.list_qa_commits(
  of_repository text, of_branch text, of_workflow text, from_day date, to_day date, of_status text,
  after_at timestamptz, after_repository text, after_commit text, max integer
) returns table (repository text, commit_sha text, fork text, branch text, status text, title text, reported_at timestamptz, runs jsonb)
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin', 'qa']);
  return query
  with chosen as (
    select c.*
    from edge.qa_commits(list_qa_commits.of_repository, list_qa_commits.of_branch, list_qa_commits.of_workflow,
      list_qa_commits.from_day, list_qa_commits.to_day) as c
    where (list_qa_commits.of_status is null or c.status = list_qa_commits.of_status)
      and (list_qa_commits.after_at is null or c.reported_at < list_qa_commits.after_at
        or (c.reported_at = list_qa_commits.after_at and (c.repository, c.commit_sha || c.fork)
          > (list_qa_commits.after_repository, list_qa_commits.after_commit)))
    order by c.reported_at desc, c.repository, c.commit_sha || c.fork
    limit list_qa_commits.max)
  select c.repository, c.commit_sha, nullif(c.fork, ''), d.branch, c.status, d.title, c.reported_at, d.runs
  from chosen c
  cross join lateral (
    select min(r.branch) as branch, left(coalesce(min(r.summary) filter (where r.is_concluded), ''), 200) as title,
      jsonb_agg(jsonb_build_object('workflow', r.workflow, 'run_id', r.run_id, 'attempt', r.attempt, 'status', r.status,
        'url', r.url, 'duration_ms', r.duration_ms,
        'tests', case when r.format is not null then jsonb_build_object('tests', r.tests, 'passed', r.passed,
          'failed', r.failed, 'skipped', r.skipped, 'flaky', r.flaky) end) order by r.workflow) as runs
    from public.qa_reports r
    where r.id = any (c.reports)) as d
  order by c.reported_at desc, c.repository, c.commit_sha || c.fork;
end
$$;

grant execute on function edge.list_qa_commits(text, text, text, date, date, text, timestamptz, text, text, integer) to authenticated;
