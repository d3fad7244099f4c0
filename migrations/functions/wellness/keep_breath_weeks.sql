-- Brings what is kept of a person's weeks to what their sessions say: all of them, or those that begin from `first_week` on. A week that
-- is other than it was has one revision more; one that has no session any more is gone.
create or replace function edge.keep_breath_weeks(person uuid, first_week date default null) returns integer
language sql volatile security definer set search_path = ''
as $$
  with now_is as materialized (
    select w.* from edge.breath_weeks(keep_breath_weeks.person, coalesce(keep_breath_weeks.first_week, date '2000-01-03'), date '2199-12-30') as w
  ),
  gone as (
    delete from public.breath_weekly_metrics m
    where m.user_id = keep_breath_weeks.person and m.week_start >= coalesce(keep_breath_weeks.first_week, date '2000-01-03')
      and not exists (select from now_is w where w.week_start = m.week_start)
    returning 1
  ),
  kept as (
    insert into public.breath_weekly_metrics as m (user_id, week_start, hrv_stress_idx, coherence_avg, mvpa_week, relax_idx,
      mindfulness_avg, mood_score, n_sessions, n_mood)
    select keep_breath_weeks.person, w.week_start, w.hrv_stress_idx, w.coherence_avg, w.mvpa_week, w.relax_idx, w.mindfulness_avg,
      w.mood_score, w.n_sessions, w.n_mood
    from now_is w
    on conflict (user_id, week_start) do update set hrv_stress_idx = excluded.hrv_stress_idx, coherence_avg = excluded.coherence_avg,
      mvpa_week = excluded.mvpa_week, relax_idx = excluded.relax_idx, mindfulness_avg = excluded.mindfulness_avg,
      mood_score = excluded.mood_score, n_sessions = excluded.n_sessions, n_mood = excluded.n_mood,
      revision = m.revision + 1, computed_at = edge.now()
    where (m.hrv_stress_idx, m.coherence_avg, m.mvpa_week, m.relax_idx, m.mindfulness_avg, m.mood_score, m.n_sessions, m.n_mood)
      is distinct from (excluded.hrv_stress_idx, excluded.coherence_avg, excluded.mvpa_week, excluded.relax_idx, excluded.mindfulness_avg,
        excluded.mood_score, excluded.n_sessions, excluded.n_mood)
    returning 1
  )
  select ((select count(*) from gone) + (select count(*) from kept))::integer
$$;
