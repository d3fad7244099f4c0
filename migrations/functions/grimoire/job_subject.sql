-- What a job makes, for the message about its end: {id, input} of the oldest creation that points at it.
--
-- Null when no creation is left. `input` holds the words of the vocabulary and null for a person's own
-- (`edge.words_to_tell`).
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
