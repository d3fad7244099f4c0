-- How many jobs of a kind the person of this request may begin in their day: the object `quota`.
--
-- `quota` is {limit, used, left, resets_at}. `kind` is `scene`, `pose` or `audio`; the limit is the entitlement
-- `scenes_per_day`, `poses_per_day` or `audio_per_day` (`edge.entitlement`). A failed job does not count, nor what costs no
-- GPU because it was joined or given from the cache; a cancelled one does, or cancelling and retrying would be free. What counts
-- is the creation: of a job that we gave up on and the one that was begun in its place one counts, whichever ends well
-- (`jobs.is_counted`).
--
-- The day of a quota is the person's own day, as `edge.today()` has it, which a change of clock can make longer but never
-- end; by the time zone alone, a quota would begin anew whenever its person moved to where the next day has begun. A job is
-- counted on the day on which it was asked for, and that day is written down with it (`jobs.asked_on`), so that no later
-- clock moves it.
create or replace function edge.quota(kind text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  with day as (
    select edge.day_end(edge.now(), u.time_zone, u.day_end_hour, u.held_day, u.held_until) as ends_at,
      edge.entitlement(
        case quota.kind when 'scene' then 'scenes_per_day' when 'pose' then 'poses_per_day' else 'audio_per_day' end)
        as allowed
    from public.users u where u.id = edge.uid()
  ),
  usage as (
    -- No day is held for as long as three; so far back the index is read.
    select count(*)::int as used
    from public.jobs j
    where j.user_id = edge.uid() and j.asked_on = edge.today() and j.created_at >= edge.now() - interval '3 days'
      and j.kind = quota.kind and j.state <> 'failed' and j.is_counted
  )
  select jsonb_build_object('limit', d.allowed, 'used', u.used, 'left', greatest(d.allowed - u.used, 0),
    'resets_at', d.ends_at)
  from day d, usage u
$$;

grant execute on function edge.quota(text) to authenticated;
