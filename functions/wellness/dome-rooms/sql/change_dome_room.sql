-- What the person of this request does with a room: `join`, `leave`, `run` and `close`; `sent` is what comes with it. Gives the room as they
-- see it then.
--
-- It is there for its people (`edge.dome_room`), and for who joins by its `invitation`.
--
-- To join begins a session of theirs, unless one goes on; to leave completes it (or gives it up, within a second), and closes the room behind the last one once it runs.
-- Who opened a room runs and closes it. Raises `OR404 not_found`, `OR403 forbidden`, `OR409 room_closed`, `OR409 limit_reached` where
-- every seat is taken, and what `edge.session_next` raises.
create or replace function edge.change_dome_room(room uuid, act text, sent jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known public.dome_rooms;
  own public.vr_dome_sessions;
  people bigint;
  is_in boolean;
begin
  select r.* into known from public.dome_rooms r where r.id = change_dome_room.room for update;
  select d.* into own from public.vr_dome_sessions d
  where d.session_id = known.id and d.user_id = edge.uid() and d.state in ('started', 'paused');
  is_in := known.user_id = edge.uid()
    or exists (select from public.vr_dome_sessions d where d.session_id = known.id and d.user_id = edge.uid())
    or (act = 'join' and sent ->> 'invitation' = known.invitation::text);
  if is_in is not true or (act = 'leave' and own.id is null) then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif act in ('run', 'close') and known.user_id <> edge.uid() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  elsif act in ('join', 'run') and known.state = 'closed' then
    raise exception using errcode = 'OR409', message = 'room_closed';
  elsif act = 'join' and own.id is null then
    select count(distinct d.user_id) into people from public.vr_dome_sessions d
    where d.session_id = known.id and d.state in ('started', 'paused');
    if people >= known.seats then
      raise exception using errcode = 'OR409', message = 'limit_reached';
    end if;
    perform edge.session_begin(sessions => 'vr_dome_sessions',
      sent => sent - 'invitation' || jsonb_build_object('session_id', known.id, 'intensity', known.intensity));
  elsif act = 'leave' then
    -- What lasted for no second cannot be completed.
    if edge.now() < own.started_at + interval '1 second' then
      perform edge.session_act(sessions => 'vr_dome_sessions', session => own.id, act => 'abandon', sent => sent, versions => null);
    else
      perform edge.session_act(sessions => 'vr_dome_sessions', session => own.id, act => 'complete', sent => sent, versions => null);
    end if;
    select count(*) into people from public.vr_dome_sessions d where d.session_id = known.id and d.state in ('started', 'paused');
    if known.state = 'running' and people = 0 then
      perform edge.close_dome_room(known.id);
    end if;
  elsif act = 'run' then
    update public.dome_rooms r set state = 'running', started_at = coalesce(r.started_at, edge.now()) where r.id = known.id;
  elsif act = 'close' then
    perform edge.close_dome_room(known.id);
  end if;
  return edge.dome_room(known.id);
end
$$;

grant execute on function edge.change_dome_room(uuid, text, jsonb) to authenticated;
