-- Cards of sessions, with what was answered and when each is to come again. The state of a card is that of its latest answer: the rows of
-- one `card_key` are its history, so that taking an answer back restores what was before it.
--
-- Intervals are those of SM-2 (P. A. Woźniak, "Optimization of repetition spacing in the practice of learning", 1990; `edge.review_card`):
-- `stability` is the interval in days, `ease` its factor, `repetitions` how often in a row it was known.

create table public.flash_lite_cards (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  session_id uuid not null references public.flash_lite_sessions (id) on delete cascade,
  card_key text not null check (char_length(card_key) between 1 and 100),
  question text not null check (char_length(question) between 1 and 1000),
  answer text not null check (char_length(answer) between 1 and 1000),
  user_answer text check (char_length(user_answer) <= 1000),
  is_correct boolean,
  response_time_ms integer check (response_time_ms between 0 and 600000),
  difficulty text not null default 'medium' check (difficulty in ('easy', 'medium', 'hard')),
  repetitions integer,
  ease double precision check (ease >= 1.3),
  stability double precision check (stability >= 1),
  due_at timestamptz,
  answered_at timestamptz,
  created_at timestamptz not null default edge.now(),
  constraint flash_lite_cards_answered check ((answered_at is null) = (is_correct is null) and (answered_at is null) = (due_at is null))
);

create index flash_lite_cards_session_idx on public.flash_lite_cards (session_id, created_at, id);
create index flash_lite_cards_key_idx on public.flash_lite_cards (user_id, card_key, answered_at desc);

alter table public.flash_lite_cards enable row level security;
revoke all on public.flash_lite_cards from public, anon, authenticated;
