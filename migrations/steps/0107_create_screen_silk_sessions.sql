-- Resting the eyes from the screen. What is counted is counted on the device: no picture and no landmark leaves it.

create table public.screen_silk_sessions (
  like parts.session_template including all,
  planned_seconds integer not null default 180 check (planned_seconds between 60 and 600),
  label text check (label in ('gain', 'léger', 'incertain')),
  interrupted boolean generated always as (state in ('abandoned', 'expired')) stored,
  blink_count integer not null default 0 check (blink_count between 0 and 10000),
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.screen_silk_sessions enable row level security;
revoke all on public.screen_silk_sessions from public, anon, authenticated;
