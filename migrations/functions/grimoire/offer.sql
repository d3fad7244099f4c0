-- What the person of this request may ask for: the object `quota` of a kind, and the words that may be chosen.
--
-- `kind` is `scene`, `pose` or `audio`. Returns {limit, used, left, resets_at, words}. `words` is the part of the setting
-- `scene_vocabulary` that the kind uses: all of it for a scene, `class` and `pose` for a pose, nothing for a sound.
create or replace function edge.offer(kind text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select edge.quota(offer.kind) || jsonb_build_object('words', coalesce((
    select jsonb_object_agg(w.key, w.value)
    from jsonb_each(edge.setting('scene_vocabulary')) as w
    where offer.kind = 'scene' or offer.kind = 'pose' and w.key in ('class', 'pose')), '{}'))
$$;

grant execute on function edge.offer(text) to authenticated;
