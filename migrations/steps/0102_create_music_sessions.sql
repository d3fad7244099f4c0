-- Listening to a sequence. `tracks_played` is canonical; `suno_track_ids` are what older clients sent. `listened_seconds` is the sum of
-- what `events` say was heard of each track, where they say.

create table public.music_sessions (
  like parts.session_template including all,
  playlist_id text check (char_length(playlist_id) between 1 and 200),
  tracks_played jsonb not null default '[]',
  suno_track_ids jsonb not null default '[]',
  mood_tag text check (char_length(mood_tag) between 1 and 40),
  target text check (char_length(target) between 1 and 40),
  events jsonb not null default '[]',
  genres jsonb not null default '[]',
  listened_seconds double precision generated always as (edge.heard_seconds(events)) stored,
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.music_sessions enable row level security;
revoke all on public.music_sessions from public, anon, authenticated;
