-- Days that a person excused from their streak. A `freeze` is one of the month's freezes, put on a day before or
-- afterwards; a `skip` is a pause that was planned ahead (holidays). Nothing is spent behind the person's back: a
-- freeze is placed by them.

create table public.streak_freezes (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  kind text not null check (kind in ('freeze', 'skip')),
  from_day date not null,
  to_day date not null,
  created_at timestamptz not null default edge.now(),
  constraint streak_freezes_order check (from_day <= to_day),
  -- Of one person no two share a first day; that they do not overlap at all is kept by edge.freeze_days.
  constraint streak_freezes_user_key unique (user_id, from_day)
);

alter table public.streak_freezes enable row level security;
revoke all on public.streak_freezes from public, anon, authenticated;
revoke all on sequence public.streak_freezes_id_seq from public, anon, authenticated;
