-- A room as one of its people sees it: who opened it, and who has a session in it; null for anybody else. Of others it tells how many there
-- are, and what the group had in common once it has closed.
create or replace function edge.dome_room(room uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object('id', r.id, 'state', r.state, 'intensity', r.intensity, 'seats', r.seats, 'is_host', r.user_id = edge.uid(), 'invitation', r.invitation,
    'people', (select count(distinct d.user_id) from public.vr_dome_sessions d where d.session_id = r.id and d.state in ('started', 'paused')),
    'own_session', (select d.id from public.vr_dome_sessions d where d.session_id = r.id and d.user_id = edge.uid()
      order by d.started_at desc, d.id desc limit 1),
    'group', case when r.contributors is not null
      then jsonb_build_object('contributors', r.contributors, 'synchrony_idx', r.synchrony_idx, 'team_pa', r.team_pa) end,
    'created_at', r.created_at, 'started_at', r.started_at, 'closed_at', r.closed_at)
  from public.dome_rooms r
  where r.id = dome_room.room and (r.user_id = edge.uid()
    or exists (select from public.vr_dome_sessions d where d.session_id = r.id and d.user_id = edge.uid()))
$$;

grant execute on function edge.dome_room(uuid) to authenticated;
