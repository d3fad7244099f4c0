-- Everything that a person has asked the Grimoire for, in one shape. Scenes have a table of their own because the
-- product document gives them one; whoever lists, shows or follows a creation need not know.
--
-- The view sees what its reader may see, and a condition on `kind` reads the tables of that kind alone.

create or replace view public.grimoire_creations with (security_invoker = true) as
select w.id, w.user_id, w.kind, w.input, w.result_url, w.licence, w.status, w.error, w.is_cached,
  case when w.status = 'queued' then edge.queue_position(w.job_id) end as queue_position,
  case when w.status = 'running' then edge.job_progress(w.job_id) end as progress,
  edge.job_attempt(w.job_id) as attempt, w.version, w.created_at, w.updated_at
from (
  select s.id, s.user_id, 'scene' as kind,
    jsonb_build_object('world', s.world, 'era', s.era, 'class', s.class, 'pose', s.pose, 'decor', s.decor) as input,
    s.image_url as result_url, null as licence, s.status, s.error, s.is_cached, s.job_id, s.version, s.created_at,
    s.updated_at
  from public.scenes s
  union all
  select c.id, c.user_id, c.kind, c.input, c.result_url, c.licence, c.status, c.error, c.is_cached, c.job_id, c.version,
    c.created_at, c.updated_at
  from public.creations c
) as w;

grant select on public.grimoire_creations to authenticated, service;
