-- Closes rooms that were opened a day ago, `batch` at most; gives how many.
create or replace function edge.close_dome_rooms(batch integer) returns bigint
language sql volatile security definer set search_path = ''
as $$
  select count(edge.close_dome_room(r.id) is null) from (
    select o.id from public.dome_rooms o
    where o.state <> 'closed' and o.created_at <= edge.now() - interval '24 hours' order by o.created_at limit close_dome_rooms.batch) as r
$$;

grant execute on function edge.close_dome_rooms(integer) to service;
