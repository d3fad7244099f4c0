-- Keeps a report of one attempt of a run of a workflow; `archived` where that changed anything, else `duplicate`.
--
-- `report` has the columns of `qa_reports` and `tests`, null or {format, tests, passed, failed, skipped, flaky, named}, with
-- {key, name, ending, message, duration_ms} of each test that failed or is flaky; `passed` has the keys of those that passed.
-- `delivery` is GitHub's id of the delivery, null for everybody else.
--
-- An attempt is told of twice: by GitHub, which knows the conclusion, and by a file, which knows the tests. Either may come
-- first; the other completes the row. What is there stays, so that a replayed body changes nothing, whoever sends it.
create or replace function edge.archive_qa_report(report jsonb, passed jsonb, delivery text) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  tests constant jsonb := nullif(report -> 'tests', 'null');
  archived public.qa_reports;
begin
  if archive_qa_report.delivery is not null then
    insert into public.webhook_deliveries (source, delivery_id, event) values ('github', archive_qa_report.delivery, 'workflow_run')
    on conflict do nothing;
    if not found then
      return 'duplicate';
    end if;
  end if;

  insert into public.qa_reports as kept
    (repository, commit_sha, branch, workflow, run_id, attempt, status, summary, url, duration_ms, is_concluded,
     format, tests, passed, failed, skipped, flaky)
  select r.repository, r.commit_sha, r.branch, r.workflow, r.run_id, r.attempt, r.status, r.summary, r.url, r.duration_ms,
    r.is_concluded, t.format, t.tests, t.passed, t.failed, t.skipped, t.flaky
  from jsonb_to_record(report) as r (repository text, commit_sha text, branch text, workflow text, run_id bigint,
      attempt integer, status text, summary text, url text, duration_ms bigint, is_concluded boolean),
    jsonb_to_record(coalesce(tests, '{}')) as t (format text, tests integer, passed integer, failed integer,
      skipped integer, flaky integer)
  on conflict (repository, run_id, attempt, workflow) do update
  set status = case when kept.is_concluded then kept.status else excluded.status end,
    summary = case when kept.is_concluded then kept.summary else excluded.summary end,
    url = case when kept.is_concluded then kept.url else coalesce(excluded.url, kept.url) end,
    duration_ms = case when kept.is_concluded then kept.duration_ms else excluded.duration_ms end,
    branch = coalesce(kept.branch, excluded.branch),
    is_concluded = kept.is_concluded or excluded.is_concluded,
    format = coalesce(kept.format, excluded.format),
    tests = coalesce(kept.tests, excluded.tests),
    passed = coalesce(kept.passed, excluded.passed),
    failed = coalesce(kept.failed, excluded.failed),
    skipped = coalesce(kept.skipped, excluded.skipped),
    flaky = coalesce(kept.flaky, excluded.flaky)
  where kept.commit_sha = excluded.commit_sha
    and ((excluded.is_concluded and not kept.is_concluded) or (excluded.format is not null and kept.format is null))
  returning * into archived;
  if archived.id is null then
    return 'duplicate';
  elsif tests is null then
    return 'archived';
  end if;

  insert into public.qa_tests (report_id, key, name, ending, message, duration_ms)
  select archived.id, t.key, t.name, t.ending, t.message, t.duration_ms
  from jsonb_to_recordset(tests -> 'named') as t (key bigint, name text, ending text, message text, duration_ms bigint)
  on conflict do nothing;
  insert into public.qa_tests (report_id, key, name, ending)
  select distinct on (t.key) archived.id, t.key, t.name, 'passed'
  from public.qa_reports r
  join public.qa_tests t on t.report_id = r.id
  where r.repository = archived.repository and r.workflow = archived.workflow and r.id <> archived.id
    and t.key in (select p.key::bigint from jsonb_array_elements_text(archive_qa_report.passed) as p (key))
  on conflict do nothing;
  return 'archived';
end
$$;

grant execute on function edge.archive_qa_report(jsonb, jsonb, text) to service;
