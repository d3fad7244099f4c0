-- Opens a room for the person of this request, {seats, intensity}; five at a time at most. Gives it as they see it. Raises `OR409 limit_reached`.
create or replace function edge.open_dome_room(room jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  opened uuid;
begin
  perform from public.users u where u.id = edge.uid() for no key update;
  insert into public.dome_rooms (seats, intensity)
  select coalesce(n.seats, 12), coalesce(n.intensity, 'calm') from jsonb_to_record(open_dome_room.room) as n (seats smallint, intensity text)
  where (select count(*) from public.dome_rooms r where r.user_id = edge.uid() and r.state <> 'closed') < 5
  returning id into opened;
  if opened is null then
    raise exception using errcode = 'OR409', message = 'limit_reached';
  end if;
  return edge.dome_room(opened);
end
$$;

grant execute on function edge.open_dome_room(jsonb) to authenticated;
