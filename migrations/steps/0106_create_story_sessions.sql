-- Reading a story, which stands in `stories`; the words by which it was asked for are kept here.

create table public.story_sessions (
  like parts.session_template including all,
  theme text not null check (theme in ('calme', 'aventure', 'poetique', 'mysterieux', 'romance', 'introspection', 'nature')),
  tone text not null check (tone in ('apaisant', 'encourageant', 'contemplatif', 'joyeux', 'nostalgique', 'esperant')),
  pov text not null default 'je' check (pov in ('je', 'il', 'elle', 'nous')),
  style text not null default 'sobre' check (style in ('sobre', 'lyrique', 'journal', 'dialogue')),
  paragraphs integer not null default 5 check (paragraphs between 3 and 10),
  paragraphs_read integer not null default 0 check (paragraphs_read between 0 and 10),
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.story_sessions enable row level security;
revoke all on public.story_sessions from public, anon, authenticated;
