-- Tells whether a person can have tapped so: at most twelve taps in any second, none of a bubble that rose after the end, and none
-- after it.
create or replace function edge.taps_fit(taps jsonb, seconds integer) returns boolean
language sql immutable parallel safe
as $$
  select coalesce(bool_and(t.ms <= taps_fit.seconds * 1000 and t.bubble < 3 * taps_fit.seconds and t.of_second <= 12), true)
  from (
    select r.ms, r.bubble, count(*) over (order by r.ms range between 999 preceding and current row) as of_second
    from jsonb_to_recordset(taps) as r (bubble integer, ms integer)) as t
$$;

grant execute on function edge.taps_fit(jsonb, integer) to authenticated, service;
