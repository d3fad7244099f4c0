-- How many commits of a day failed, the latest day first; for administrators and the role `qa`. At most `max` days in UTC that have
-- commits. Raises `OR403 forbidden`.
create or replace function edge.qa_trend(of_repository text, of_branch text, of_workflow text, from_day date, to_day date, max integer)
returns table (day date, commits integer, failed integer)
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin', 'qa']);
  return query
  select (c.reported_at at time zone 'UTC')::date, count(*)::integer, (count(*) filter (where c.status = 'failure'))::integer
  from edge.qa_commits(qa_trend.of_repository, qa_trend.of_branch, qa_trend.of_workflow, qa_trend.from_day, qa_trend.to_day) as c
  group by 1
  order by 1 desc
  limit qa_trend.max;
end
$$;

grant execute on function edge.qa_trend(text, text, text, date, date, integer) to authenticated;
