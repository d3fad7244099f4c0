-- Badges that a person was awarded, each for an achievement (`rewards`) and once.

create table public.badges (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  achievement_id text not null references public.achievements (id) on delete cascade,
  name text not null,
  description text not null,
  image_url text,
  awarded_at timestamptz not null default edge.now(),
  unique (user_id, achievement_id)
);

create index on public.badges (achievement_id);

alter table public.badges enable row level security;
revoke all on public.badges from public, anon, authenticated;
