-- Every module's sessions by what they have in common, for statistics over all of them; each line is a module. `word` is what its
-- favourite is told of.
create or replace view public.wellness_sessions with (security_invoker = true) as
  select 'meditation_sessions'::text as module, technique::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.meditation_sessions
  union all
  select 'breathing_vr_sessions'::text as module, pattern::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.breathing_vr_sessions
  union all
  select 'music_sessions'::text as module, mood_tag::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.music_sessions
  union all
  select 'flash_lite_sessions'::text as module, category::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.flash_lite_sessions
  union all
  select 'vr_nebula_sessions'::text as module, scene::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.vr_nebula_sessions
  union all
  select 'vr_dome_sessions'::text as module, intensity::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.vr_dome_sessions
  union all
  select 'story_sessions'::text as module, theme::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.story_sessions
  union all
  select 'screen_silk_sessions'::text as module, label::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.screen_silk_sessions
  union all
  select 'bubble_beat_sessions'::text as module, difficulty::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.bubble_beat_sessions
  union all
  select 'ar_filter_sessions'::text as module, filter::text as word, user_id, id, state, started_at, date, ended_at, duration_seconds, mood_before, mood_after, mood_delta, updated_at from public.ar_filter_sessions;

grant select on public.wellness_sessions to authenticated, service, edge_owner;
