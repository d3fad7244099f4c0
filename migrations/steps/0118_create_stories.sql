-- Texts of stories; one more of a session is its next version. `source` says who wrote it: `template` is of our own sentences. `link_id` is
-- there while a link shows the story; the link itself is a seal of it.

create table public.stories (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  session_id uuid not null references public.story_sessions (id) on delete cascade,
  number integer not null check (number > 0),
  title text not null check (char_length(title) between 1 and 200),
  paragraphs jsonb not null check (jsonb_typeof(paragraphs) = 'array' and jsonb_array_length(paragraphs) between 1 and 10),
  source text not null default 'template' check (source in ('template', 'model')),
  link_id uuid unique,
  created_at timestamptz not null default edge.now(),
  constraint stories_number_key unique (session_id, number)
);

create index stories_user_idx on public.stories (user_id, created_at desc, id desc);

alter table public.stories enable row level security;
revoke all on public.stories from public, anon, authenticated;
