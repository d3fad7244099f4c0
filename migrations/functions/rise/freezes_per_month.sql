-- How many days of a month a person may freeze in their streak: the setting `freezes_per_month`.
create or replace function edge.freezes_per_month() returns integer
language sql stable security definer set search_path = ''
as $$ select (edge.setting('freezes_per_month') #>> '{}')::int $$;

grant execute on function edge.freezes_per_month() to authenticated;
