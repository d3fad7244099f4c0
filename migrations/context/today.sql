-- Today's date of the person of this request, by their own clock; in UTC when nobody is signed in. `edge.enter`
-- computes the date once per request.

create or replace function edge.today() returns date
language sql stable parallel safe
return coalesce(nullif(current_setting('oree.today', true), '')::date, (edge.now() at time zone 'UTC')::date);

grant execute on function edge.today() to anon, authenticated, service;
