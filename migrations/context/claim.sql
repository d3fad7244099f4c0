-- One claim of this request as text, for example `edge.claim('request_id')`; null where the request has no such claim.

create or replace function edge.claim(name text) returns text
language sql stable parallel safe
return nullif(current_setting('oree.claims', true), '')::jsonb ->> name;

grant execute on function edge.claim(text) to anon, authenticated, service;
