-- The session of this request; null when nobody is signed in.

create or replace function edge.session() returns uuid
language sql stable parallel safe
return nullif(current_setting('oree.session', true), '')::uuid;

grant execute on function edge.session() to anon, authenticated, service;
