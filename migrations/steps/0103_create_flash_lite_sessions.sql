-- Answering cards, which stand in `flash_lite_cards` and keep the counts here. Accuracy is of the cards that were answered.

create table public.flash_lite_sessions (
  like parts.session_template including all,
  mode text not null check (mode in ('quick', 'timed', 'practice', 'exam')),
  category text check (char_length(category) between 1 and 100),
  cards_total integer not null default 10 check (cards_total between 1 and 100),
  cards_completed integer not null default 0 check (cards_completed >= 0),
  cards_correct integer not null default 0 check (cards_correct >= 0),
  response_ms bigint not null default 0,
  average_response_time double precision generated always as (
    case when cards_completed > 0 then response_ms::double precision / cards_completed end) stored,
  accuracy_percentage double precision generated always as (
    case when cards_completed > 0 then 100.0::double precision * cards_correct / cards_completed end) stored,
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.flash_lite_sessions enable row level security;
revoke all on public.flash_lite_sessions from public, anon, authenticated;
