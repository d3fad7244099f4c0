-- What a person has won, and when: written when a session is completed (`edge.award_achievements`). What was won stays, also where the
-- history that it came from is deleted.

create table public.user_achievements (
  user_id uuid not null references public.users (id) on delete cascade,
  achievement_id text not null references public.achievements (id) on delete cascade,
  progress double precision not null default 1 check (progress between 0 and 1),
  unlocked_at timestamptz not null default edge.now(),
  primary key (user_id, achievement_id)
);

create index on public.user_achievements (achievement_id);

alter table public.user_achievements enable row level security;
revoke all on public.user_achievements from public, anon, authenticated;
