-- Logs a completed session, a row of the table `sessions`, as an activity of its person. Nothing that they wrote is in it.
create or replace function edge.log_activity(sessions text, session jsonb) returns void
language sql volatile
as $$
  insert into public.user_activities (activity_type, module_name, duration_seconds, session_id, occurred_at, date, month, activity_data)
  select 'session_completed', log_activity.sessions, s.duration_seconds, s.id, s.ended_at, d.date, extract(month from d.date),
    jsonb_strip_nulls(jsonb_build_object('mood_before', s.mood_before, 'mood_after', s.mood_after))
  from jsonb_to_record(log_activity.session)
    as s (id uuid, duration_seconds integer, ended_at timestamptz, mood_before smallint, mood_after smallint),
    lateral (select edge.day_of(s.ended_at) as date) as d
$$;

grant execute on function edge.log_activity(text, jsonb) to authenticated;
