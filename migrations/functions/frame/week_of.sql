-- The Monday of the week that a day lies in.
--
-- Weeks are counted from 0001-01-01, a Monday.
create or replace function edge.week_of(day date) returns date
language sql immutable parallel safe
return day - (day - date '0001-01-01') % 7;

grant execute on function edge.week_of(date) to authenticated, service;
