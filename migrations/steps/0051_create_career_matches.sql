-- The occupations nearest to a result when it was made, with what spoke for them. Never changed: what a person sets aside stands in
-- `career_feedback`.

create table public.career_matches (
  exploration_id uuid not null references public.career_explorations (id) on delete cascade,
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  onet_soc text not null check (onet_soc ~ '^\d{2}-\d{4}\.\d{2}$'),
  place smallint not null check (place >= 1),
  match_score smallint not null check (match_score between 0 and 100),
  match_low smallint not null,
  match_high smallint not null,
  ai_resilience smallint not null check (ai_resilience between 0 and 100),
  -- What each of the six interests adds to the correlation.
  evidence jsonb not null,
  data_version text not null,
  created_at timestamptz not null default edge.now(),
  primary key (exploration_id, onet_soc),
  constraint career_matches_interval check (0 <= match_low and match_low <= match_score and match_score <= match_high and match_high <= 100)
);

create index idx_career_matches_user on public.career_matches (user_id, match_score desc);

alter table public.career_matches enable row level security;
revoke all on public.career_matches from public, anon, authenticated;
