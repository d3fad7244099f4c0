-- How many people must have given a value before anybody else is told of it: the setting `smallest_group`.
create or replace function edge.smallest_group() returns integer
language sql stable security definer set search_path = ''
as $$ select (edge.setting('smallest_group') #>> '{}')::int $$;
