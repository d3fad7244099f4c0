-- How many outgoing calls one run of a scheduled function may make: the setting `calls_per_run`.
--
-- It follows the plan of the platform: Workers Free has 50, Workers Paid 1,000 and more.
create or replace function edge.calls_per_run() returns integer
language sql stable security definer set search_path = ''
as $$ select (edge.setting('calls_per_run'))::int $$;

grant execute on function edge.calls_per_run() to service;
