-- A connection, held until commit: people are given their own, `service` any; null where there is none.
create or replace function edge.locked_connection(connection bigint) returns public.provider_connections
language sql volatile security definer set search_path = ''
as $$
  select p.* from public.provider_connections p
  where p.id = locked_connection.connection and (edge.is_service() or p.user_id = edge.uid())
  for update
$$;
