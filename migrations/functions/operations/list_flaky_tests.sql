-- Tests that failed and passed on one commit, the most frequent first; for administrators and the role `qa`.
--
-- A test is flaky on a commit where its file says so, or where it failed in one report of a workflow and passed in another. The
-- rate is of the workflow's commits whose tests are known. Forks do not count: what they break is theirs. Raises `OR403
-- forbidden`.
create or replace function edge.list_flaky_tests(of_repository text, of_branch text, of_workflow text, from_day date, to_day date, max integer)
returns table (repository text, workflow text, name text, flaky_commits integer, commits integer, rate double precision,
  first_commit text, first_at timestamptz, last_at timestamptz)
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin', 'qa']);
  return query
  with reports as (
    select r.id, r.repository, r.workflow, r.commit_sha, r.created_at
    from edge.qa_reports_of(list_flaky_tests.of_repository, list_flaky_tests.of_branch, list_flaky_tests.of_workflow,
      list_flaky_tests.from_day, list_flaky_tests.to_day) as r
    where r.format is not null and coalesce(strpos(r.branch, ':') = 0, true)),
  known as (
    select r.repository, r.workflow, count(distinct r.commit_sha)::integer as commits from reports r group by 1, 2),
  flaky as (
    select r.repository, r.workflow, t.key, r.commit_sha, max(t.name) as name, min(r.created_at) as at
    from reports r
    join public.qa_tests t on t.report_id = r.id
    group by 1, 2, 3, 4
    having bool_or(t.ending = 'flaky') or (bool_or(t.ending = 'failed') and bool_or(t.ending = 'passed')))
  select f.repository, f.workflow, max(f.name), count(*)::integer, k.commits, count(*)::double precision / k.commits,
    (array_agg(f.commit_sha order by f.at))[1], min(f.at), max(f.at)
  from flaky f
  join known k on k.repository = f.repository and k.workflow = f.workflow
  group by f.repository, f.workflow, f.key, k.commits
  order by 6 desc, 4 desc, 1, 2, 3
  limit list_flaky_tests.max;
end
$$;

grant execute on function edge.list_flaky_tests(text, text, text, date, date, integer) to authenticated;
