-- Popping bubbles. The server draws the seed; bubbles and score follow from it and the taps (`edge.bubble_score`), so that no
-- client tells its own.

create table public.bubble_beat_sessions (
  like parts.session_template including all,
  difficulty text not null default 'medium' check (difficulty in ('easy', 'medium', 'hard')),
  mood text not null default 'calm' check (mood in ('calm', 'energetic', 'focus')),
  seed integer not null default (random() * 2147483647)::integer,
  taps jsonb not null default '[]',
  bubbles_popped integer generated always as (edge.bubbles_popped(seed, difficulty, taps)) stored,
  score integer generated always as (edge.bubbles_popped(seed, difficulty, taps) * case difficulty when 'easy' then 10 when 'medium' then 15 else 20 end) stored,
  constraint bubble_taps_possible check (edge.taps_fit(taps, greatest(duration_seconds, elapsed_seconds))),
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.bubble_beat_sessions enable row level security;
revoke all on public.bubble_beat_sessions from public, anon, authenticated;
