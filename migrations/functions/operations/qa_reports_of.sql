-- Reports of a repository, a branch and a workflow (null for any) that came from one day to another, in UTC (null for any).
--
-- It is for functions of `edge_owner`, into whose statements PostgreSQL writes it.
create or replace function edge.qa_reports_of(repository text, branch text, workflow text, from_day date, to_day date)
returns setof public.qa_reports
language sql stable
as $$
  select r.*
  from public.qa_reports r
  where (qa_reports_of.repository is null or r.repository = qa_reports_of.repository)
    and (qa_reports_of.branch is null or r.branch = qa_reports_of.branch)
    and (qa_reports_of.workflow is null or r.workflow = qa_reports_of.workflow)
    and (qa_reports_of.from_day is null or r.created_at >= qa_reports_of.from_day::timestamp at time zone 'UTC')
    and (qa_reports_of.to_day is null or r.created_at < (qa_reports_of.to_day + 1)::timestamp at time zone 'UTC')
$$;
