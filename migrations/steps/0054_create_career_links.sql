-- Links by which a person shows a result to whom they like. The link itself is not stored: it is a seal of `id`.

create table public.career_links (
  id uuid primary key default gen_random_uuid(),
  exploration_id uuid not null references public.career_explorations (id) on delete cascade,
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  lang text not null check (lang in ('fr', 'en')),
  expires_at timestamptz not null,
  created_at timestamptz not null default edge.now()
);

create index career_links_exploration_idx on public.career_links (exploration_id);
create index career_links_user_idx on public.career_links (user_id, created_at, id);
create index career_links_expires_idx on public.career_links (expires_at);

alter table public.career_links enable row level security;
revoke all on public.career_links from public, anon, authenticated;
