-- Zazen: sessions of meditation. A deleted one stays as a tombstone for the person's other devices.
--
-- `timestamp` is when a session began, `ended_at` when it ended; `duration`, in seconds, follows from them, so that the
-- three can never disagree. `date` is the person's own day on which it began, told by their clock when they recorded
-- it, so that later flights do not move it. `triggered_by` is a word of the person's own; the vocabulary is open. Its
-- 40 characters may become more by what makes one word of it: lower case (İ is two) and normal form.
--
-- `client_id` is the identity that a device gave the session while offline. `first` is what the device sent under it,
-- kept as it was taken: a repeat, late or twice, is judged by that and not by the row, which may have been changed
-- since, or hold a moment to the microsecond where the device sent nanoseconds.
--
-- Nobody meditates twice at once, so sessions of one person do not overlap: that also recognises one session that two
-- devices recorded, which a `client_id` alone cannot.

create table public.zazen_sessions (
  id bigint generated always as identity primary key,
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  "timestamp" timestamptz not null,
  ended_at timestamptz not null,
  duration integer not null generated always as (extract(epoch from ended_at - "timestamp")::integer) stored,
  date date not null,
  triggered_by text,
  notes text,
  mood_before smallint,
  mood_after smallint,
  client_id uuid,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  deleted_at timestamptz,
  first jsonb,
  constraint zazen_sessions_duration_range check (
    ended_at - "timestamp" >= interval '1 second' and ended_at - "timestamp" < interval '24 hours'
  ),
  constraint zazen_sessions_date_range check (date between '2000-01-01' and '2199-12-31'),
  constraint zazen_sessions_triggered_by_length check (char_length(triggered_by) between 1 and 120),
  constraint zazen_sessions_notes_length check (char_length(notes) between 1 and 2000),
  constraint zazen_sessions_mood_range check (mood_before between 1 and 5 and mood_after between 1 and 5),
  constraint zazen_sessions_client_id_key unique (user_id, client_id),
  constraint zazen_sessions_no_overlap exclude using gist (
    user_id with =, tstzrange("timestamp", ended_at) with &&
  ) where (deleted_at is null)
);

-- Serves the history and covers the statistics.
create index idx_zazen_user_timestamp on public.zazen_sessions (user_id, "timestamp" desc, id desc)
  include (duration, date, triggered_by, mood_before, mood_after) where deleted_at is null;

alter table public.zazen_sessions enable row level security;
revoke all on public.zazen_sessions from public, anon, authenticated;
revoke all on sequence public.zazen_sessions_id_seq from public, anon, authenticated;
