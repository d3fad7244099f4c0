-- Kaizen: one small improvement a day.
--
-- `client_id` is the identity that a device gave the entry while offline. `first` is what the device sent under it,
-- kept as it was taken: a repeat, late or twice, is judged by that and not by the row, which may have been changed
-- since, or hold a moment to the microsecond where the device sent nanoseconds. `date` is the person's own day. A
-- deleted entry stays as a tombstone for the other devices.

create table public.kaizen (
  id bigint generated always as identity primary key,
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  action text not null,
  date date not null default edge.today(),
  completed boolean not null default false,
  completed_at timestamptz,
  client_id uuid,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  deleted_at timestamptz,
  first jsonb,
  constraint kaizen_action_length check (char_length(action) between 1 and 500),
  constraint kaizen_date_range check (date between '2000-01-01' and '2199-12-31'),
  constraint kaizen_completed_at_given check (completed = (completed_at is not null)),
  constraint kaizen_client_id_key unique (user_id, client_id)
);

-- Serves the history (newest first, id as tie-break) and, because `completed` is in the index, the streak without
-- touching the table.
create index idx_kaizen_user_date on public.kaizen (user_id, date, id) include (completed) where deleted_at is null;

alter table public.kaizen enable row level security;
revoke all on public.kaizen from public, anon, authenticated;
revoke all on sequence public.kaizen_id_seq from public, anon, authenticated;
