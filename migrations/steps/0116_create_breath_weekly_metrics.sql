-- Weeks of people, Monday first, as `edge.breath_weeks` computes them: kept so that reports need not compute them again, and computed again where a
-- session of the week has changed since (`revision`). What there is nothing of is null.
--
-- `hrv_stress_idx` is the median difference of RMSSD in ms (higher is calmer), `coherence_avg` the mean coherence score, `mindfulness_avg` the
-- mean of how calm people say that they are (0 to 4), `mood_score` the mean mood after sessions on -1 to 1, of `n_mood`. `mvpa_week`
-- (minutes of activity) and `relax_idx` (drop of the heart rate) have no source here yet.

create table public.breath_weekly_metrics (
  user_id uuid not null references public.users (id) on delete cascade,
  week_start date not null,
  hrv_stress_idx double precision,
  coherence_avg double precision,
  mvpa_week double precision,
  relax_idx double precision,
  mindfulness_avg double precision,
  mood_score double precision,
  n_sessions integer not null,
  n_mood integer not null,
  revision integer not null default 1,
  computed_at timestamptz not null default edge.now(),
  primary key (user_id, week_start),
  constraint breath_weekly_metrics_monday check (extract(isodow from week_start) = 1)
);

alter table public.breath_weekly_metrics enable row level security;
revoke all on public.breath_weekly_metrics from public, anon, authenticated;
