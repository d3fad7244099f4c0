-- What a person's sessions of one module add up to, in the words of callers (`edge.session_stats`); `favorite` is the name that the
-- module has for its favourite. Seconds and minutes are whole sums, rates are percent.
create or replace function edge.session_totals(module text, favorite text, person uuid, today date) returns jsonb
language sql stable parallel safe
as $$
  select jsonb_build_object('totalSessions', coalesce(s.total, 0), 'startedSessions', coalesce(s.started, 0),
    'unfinishedSessions', coalesce(s.unfinished, 0), 'totalDuration', coalesce(s.total_seconds, 0),
    'totalMinutes', coalesce(s.total_seconds, 0) / 60, 'partialDuration', coalesce(s.partial_seconds, 0),
    'averageDuration', s.average_seconds, 'completionRate', s.completion_rate, 'currentStreak', coalesce(s.current_streak, 0),
    'longestStreak', coalesce(s.longest_streak, 0), 'avgMoodDelta', s.mood_delta, 'moodPairs', coalesce(s.mood_pairs, 0),
    'lastSessionAt', replace(to_jsonb(s.last_at) #>> '{}', '+00:00', 'Z'), session_totals.favorite, s.favorite)
  from (select) as one
  left join edge.session_stats(session_totals.person, session_totals.today, session_totals.module) as s on true
$$;

grant execute on function edge.session_totals(text, text, uuid, date) to authenticated, service;
