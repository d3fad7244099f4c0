-- __Title__: what a person has written down.
--
-- `client_id` is the identity that a device gave a row while offline, `first` what the device sent under it: a repeat, late
-- or twice, is judged by that and not by the row, which may have been changed since. A removed row stays as a tombstone.

create table public.__table__ (
  id bigint generated always as identity primary key,
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  text text not null,
  client_id uuid,
  first jsonb,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  deleted_at timestamptz,
  constraint __table___text_length check (char_length(text) between 1 and 500),
  constraint __table___client_id_key unique (user_id, client_id)
);

-- The list, newest first.
create index idx___table___user on public.__table__ (user_id, id) where deleted_at is null;

alter table public.__table__ enable row level security;
revoke all on public.__table__ from public, anon, authenticated;
revoke all on sequence public.__table___id_seq from public, anon, authenticated;
