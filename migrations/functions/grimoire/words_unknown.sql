-- The fields of what a person asked for whose words the vocabulary does not allow, as an array of their names.
--
-- The setting `scene_vocabulary` has words by field, and says whether others may be written. The words hold wherever a field
-- is used, so that a class or pose that no scene may have cannot be asked for as a pose either.
create or replace function edge.words_unknown(input jsonb) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_agg(v.key order by v.key), '[]')
  from jsonb_each(edge.setting('scene_vocabulary')) as v
  where not (v.value ->> 'free_text')::boolean and words_unknown.input ? v.key
    and not v.value -> 'words' ? (words_unknown.input ->> v.key)
$$;
