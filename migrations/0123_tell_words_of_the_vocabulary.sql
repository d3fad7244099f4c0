-- People write what they like where free text is allowed, their address too, and the message about the end of a job carried
-- it to Discord. Messages carry numbers, words of closed lists and words of the vocabulary; a person's own words are null.

set role edge_owner;

-- What may be told of an input.
create function edge.words_to_tell(input jsonb) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_object_agg(w.key, case
    when jsonb_typeof(w.value) = 'number' or w.key in ('effect', 'format', 'view')
      or edge.setting('scene_vocabulary') -> w.key -> 'words' @> w.value then w.value else 'null' end), '{}')
  from jsonb_each(words_to_tell.input) as w
$$;

-- What a job makes, for its message: the oldest of those who wait for it. Null when nobody is left.
create or replace function edge.job_subject(job uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object('id', w.id, 'input', edge.words_to_tell(w.input))
  from (
    select s.id, s.created_at, jsonb_build_object('world', s.world, 'era', s.era, 'class', s.class, 'pose', s.pose,
      'decor', s.decor) as input
    from public.scenes s where s.job_id = job_subject.job
    union all
    select c.id, c.created_at, c.input from public.creations c where c.job_id = job_subject.job
  ) as w
  order by w.created_at, w.id
  limit 1
$$;

reset role;

update public.outbox o
set payload = jsonb_set(o.payload, '{input}', edge.words_to_tell(o.payload -> 'input'))
where o.kind = 'discord' and jsonb_typeof(o.payload -> 'input') = 'object';
