-- What may be told to others of what a person asked for: each field of `input`, with null for the person's own words.
--
-- People write what they like where free text is allowed, their address too, and messages about jobs reach the team. So
-- messages carry numbers, words of closed lists and words of the vocabulary (the setting `scene_vocabulary`) alone.
create or replace function edge.words_to_tell(input jsonb) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_object_agg(w.key, case
    when jsonb_typeof(w.value) = 'number' or w.key in ('effect', 'format', 'view')
      or edge.setting('scene_vocabulary') -> w.key -> 'words' @> w.value then w.value else 'null' end), '{}')
  from jsonb_each(words_to_tell.input) as w
$$;
