-- Floating in a scene. `ts_start`, `ts_finish` and `duration_s` are the documents' names of what every session has; `session_id` is the
-- client's own. The difference of RMSSD is there only where both are, and
-- measured well: fewer than 5 % of the beats left out. `coherence_score` is the application's formula of the pace,
-- and says so in `coherence_source`.

create table public.vr_nebula_sessions (
  like parts.session_template including all,
  session_id text check (char_length(session_id) between 1 and 100),
  ts_start timestamptz generated always as (started_at) stored,
  ts_finish timestamptz generated always as (case when state = 'completed' then ended_at end) stored,
  duration_s integer generated always as (duration_seconds) stored,
  scene text not null default 'galaxy' check (scene in ('galaxy', 'ocean', 'forest', 'space', 'aurora', 'cosmos')),
  breathing_pattern text check (char_length(breathing_pattern) between 1 and 40),
  cycles_completed integer not null default 0 check (cycles_completed between 0 and 2000),
  vr_mode boolean not null default true,
  client text not null default 'mobile' check (char_length(client) between 1 and 40),
  resp_rate_avg double precision check (resp_rate_avg between 3 and 40),
  hrv_pre double precision check (hrv_pre between 5 and 200),
  hrv_post double precision check (hrv_post between 5 and 200),
  hrv_quality jsonb,
  rmssd_delta double precision generated always as (
    case when hrv_quality ->> 'quality' is distinct from 'poor' and coalesce((hrv_quality ->> 'artefacts')::double precision, 0) < 0.05
      then hrv_post - hrv_pre end) stored,
  coherence_score double precision generated always as (case when resp_rate_avg is not null then greatest(0, 100 - 10 * abs(resp_rate_avg - 5.5)) end) stored,
  coherence_source text generated always as (case when resp_rate_avg is not null then 'pace' end) stored,
  comfort jsonb,
  constraint vr_nebula_sessions_session_id_key unique (user_id, session_id),
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.vr_nebula_sessions enable row level security;
revoke all on public.vr_nebula_sessions from public, anon, authenticated;
