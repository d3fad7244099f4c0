-- What a person's sessions of each week say, for weeks that have any, from one Monday to another; `breath_weekly_metrics` says what is
-- what. Of completed sessions.
create or replace function edge.breath_weeks(person uuid, first_week date, last_week date) returns table (
  week_start date, hrv_stress_idx double precision, coherence_avg double precision, mvpa_week double precision, relax_idx double precision,
  mindfulness_avg double precision, mood_score double precision, n_sessions integer, n_mood integer
)
language sql stable parallel safe
as $$
  select edge.week_of(w.date),
    percentile_cont(0.5) within group (order by n.rmssd_delta),
    round(avg(n.coherence_score)::numeric, 2)::double precision, null::double precision, null::double precision,
    round(avg(case d.badge when 'calm' then 4 when 'partial' then 2 when 'tense' then 0 end), 2)::double precision,
    round(avg(w.mood_after) / 50 - 1, 4)::double precision, count(*)::integer, count(w.mood_after)::integer
  from public.wellness_sessions w
  left join public.vr_nebula_sessions n on w.module = 'vr_nebula_sessions' and n.user_id = w.user_id and n.id = w.id
  left join public.vr_dome_sessions d on w.module = 'vr_dome_sessions' and d.user_id = w.user_id and d.id = w.id
  where w.user_id = breath_weeks.person and w.state = 'completed'
    and w.date between breath_weeks.first_week and breath_weeks.last_week + 6
  group by 1
$$;

grant execute on function edge.breath_weeks(uuid, date, date) to authenticated, service;
