-- Lists how long RunPod has taken, latest day first; for administrators and the role `qa`.
--
-- At most `max` rows of `job_latencies`, one per day, kind of job, endpoint and measure, from `from_day` to `to_day`, of a
-- `kind` and an `endpoint` (null for any), after the row that `after_day`, `after_kind`, `after_endpoint` and
-- `after_measure` name (null for the first). How long jobs take is a report of quality, so the role `qa` reads it too.
-- Raises `OR403 forbidden`.
create or replace function edge.list_latencies(
  from_day date, to_day date, kind text, endpoint text,
  after_day date, after_kind text, after_endpoint text, after_measure text, max integer
) returns setof public.job_latencies
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin', 'qa']);
  return query
  select l.*
  from public.job_latencies l
  where (list_latencies.from_day is null or l.day >= list_latencies.from_day)
    and (list_latencies.to_day is null or l.day <= list_latencies.to_day)
    and (list_latencies.kind is null or l.kind = list_latencies.kind)
    and (list_latencies.endpoint is null or l.endpoint = list_latencies.endpoint)
    and (list_latencies.after_day is null or l.day < list_latencies.after_day
      or (l.day = list_latencies.after_day
        and (l.kind, l.endpoint, l.measure)
          > (list_latencies.after_kind, list_latencies.after_endpoint, list_latencies.after_measure)))
  order by l.day desc, l.kind, l.endpoint, l.measure
  limit list_latencies.max;
end
$$;

grant execute on function edge.list_latencies(date, date, text, text, date, text, text, text, integer) to authenticated;
