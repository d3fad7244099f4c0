-- The moment of this request. Time is part of the request: the edge writes the moment into it, and no function reads
-- the server's clock, so that tests drive streaks, expiry and retention through the whole system. Outside a request
-- `edge.now()` raises `OR500 time_not_injected`.

create or replace function edge.now() returns timestamptz
language sql stable parallel safe
return coalesce(nullif(current_setting('oree.now', true), '')::timestamptz, edge.no_time());

grant execute on function edge.now() to anon, authenticated, service;
