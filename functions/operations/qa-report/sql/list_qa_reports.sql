-- Lists reports, every attempt of every run, the latest first; for administrators and the role `qa`. At most `max` with an id below
-- `before` (null for the first). Raises `OR403 forbidden`.
create or replace function edge.list_qa_reports(
  repository text, branch text, workflow text, from_day date, to_day date, before bigint, max integer
) returns setof public.qa_reports
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin', 'qa']);
  return query
  select r.*
  from edge.qa_reports_of(list_qa_reports.repository, list_qa_reports.branch, list_qa_reports.workflow,
    list_qa_reports.from_day, list_qa_reports.to_day) as r
  where list_qa_reports.before is null or r.id < list_qa_reports.before
  order by r.id desc
  limit list_qa_reports.max;
end
$$;

grant execute on function edge.list_qa_reports(text, text, text, date, date, bigint, integer) to authenticated;
