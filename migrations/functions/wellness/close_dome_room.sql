-- Closes a room, once, and keeps what its group had in common where five people at least agreed: of each the latest session in it that has a
-- mean heart rate.
create or replace function edge.close_dome_room(room uuid) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.dome_rooms r
  set state = 'closed', closed_at = edge.now(), contributors = case when g.contributors >= 5 then g.contributors end,
    synchrony_idx = case when g.contributors >= 5 then g.synchrony end, team_pa = case when g.contributors >= 5 and g.valences >= 5 then g.valence end
  from (
    select count(*)::smallint as contributors, round(stddev_pop(l.hr_mean)::numeric, 1)::double precision as synchrony,
      count(l.valence) as valences, round(avg(l.valence)::numeric, 1)::double precision as valence
    from (
      select distinct on (d.user_id) d.hr_mean, d.valence
      from public.vr_dome_sessions d
      where d.session_id = close_dome_room.room and d.shares and d.hr_mean is not null
      order by d.user_id, d.started_at desc, d.id desc) as l) as g
  where r.id = close_dome_room.room and r.state <> 'closed'
$$;

grant execute on function edge.close_dome_room(uuid) to service;
