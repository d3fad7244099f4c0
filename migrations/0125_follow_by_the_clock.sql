-- Two things about reading. What is learnt while a creation is followed is learnt then: a stream lasts for a minute, and
-- the moment of its request was written down as that of every change. And what may be asked of a pose, and how many poses
-- are left, can be read as for scenes and sounds.

set role edge_owner;

-- As with three parameters, `elapsed_ms` after the request.
create function edge.follow_creation(creation uuid, running text, progress integer, elapsed_ms integer) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform set_config('oree.now', (edge.now() + make_interval(secs => elapsed_ms / 1000.0))::text, true);
  return edge.follow_creation(follow_creation.creation, follow_creation.running, follow_creation.progress);
end
$$;

create or replace function edge.offer(kind text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select edge.quota(offer.kind) || jsonb_build_object('words', coalesce((
    select jsonb_object_agg(w.key, w.value)
    from jsonb_each(edge.setting('scene_vocabulary')) as w
    where offer.kind = 'scene' or offer.kind = 'pose' and w.key in ('class', 'pose')), '{}'))
$$;

grant execute on function edge.follow_creation(uuid, text, integer, integer) to authenticated;

reset role;
