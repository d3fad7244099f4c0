-- A daily quota began anew whenever its owner moved to a time zone where the next day had begun. The day of a quota is now
-- the person's own day (0030), which a change of clock can make longer but never end: a job is counted on the day on which
-- it was asked for, and that day is written down with it, so no later clock moves it.

alter table public.jobs add column asked_on date;

-- What touches the rows reads the clock.
select set_config('oree.now', statement_timestamp()::text, true);

update public.jobs j
set asked_on = edge.day_of(j.created_at, u.time_zone, u.day_end_hour)
from public.users u
where u.id = j.user_id and j.created_at > statement_timestamp() - interval '3 days';

alter table public.jobs alter column asked_on set default edge.today();

set role edge_owner;

-- How many jobs of a kind the person of this request may still begin today. A failed one does not count, nor what costs
-- no GPU; a cancelled one does, or cancelling and retrying would be free.
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
      and j.kind = quota.kind and j.state <> 'failed'
  )
  select jsonb_build_object('limit', d.allowed, 'used', u.used, 'left', greatest(d.allowed - u.used, 0),
    'resets_at', d.ends_at)
  from day d, usage u
$$;

reset role;
