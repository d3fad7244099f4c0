-- The application role of this request: `anon`, `user`, `manager`, `admin`, `privacy`, `qa` or `service`. It is no role
-- of PostgreSQL: people with any of these roles come as `authenticated`.

create or replace function edge.role() returns text
language sql stable parallel safe
return coalesce(nullif(current_setting('oree.role', true), ''), 'anon');

grant execute on function edge.role() to anon, authenticated, service;
