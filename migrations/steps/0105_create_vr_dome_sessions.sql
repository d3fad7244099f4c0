-- Rooms of domes, which whoever has the id may join while they are not closed, and being in a dome: one row a person. `session_id` is the
-- room; alone it is null, and it stays when the room has gone. `ts_join` and `ts_leave` are the documents' names.
--
-- Values of the group stand with the room, once, from when it closed: `synchrony_idx` is the standard deviation of mean heart rates (lower is
-- closer), `team_pa` the mean valence, both to one decimal and of five `contributors` at least who agreed (`shares`). Kept so, for
-- values that are computed anew as people come, go and delete what is theirs would tell of each of them.

create table public.dome_rooms (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  state text not null default 'open' check (state in ('open', 'running', 'closed')),
  seats smallint not null default 12 check (seats between 2 and 12),
  intensity text not null default 'calm' check (intensity in ('calm', 'moderate', 'intense')),
  -- What its people hand on, by which others join.
  invitation uuid not null default gen_random_uuid(),
  contributors smallint check (contributors >= 5),
  synchrony_idx double precision,
  team_pa double precision,
  created_at timestamptz not null default edge.now(),
  started_at timestamptz,
  closed_at timestamptz,
  constraint dome_rooms_closed check ((state = 'closed') = (closed_at is not null)),
  constraint dome_rooms_group check (contributors is not null or (synchrony_idx is null and team_pa is null))
);

create index dome_rooms_user_idx on public.dome_rooms (user_id);
create index dome_rooms_open_idx on public.dome_rooms (created_at) where state <> 'closed';

alter table public.dome_rooms enable row level security;
revoke all on public.dome_rooms from public, anon, authenticated;

create table public.vr_dome_sessions (
  like parts.session_template including all,
  session_id uuid,
  ts_join timestamptz generated always as (started_at) stored,
  ts_leave timestamptz generated always as (ended_at) stored,
  intensity text not null default 'calm' check (intensity in ('calm', 'moderate', 'intense')),
  cocoon text check (cocoon in ('crystal', 'cosmos', 'water', 'foliage', 'aurora', 'ember')),
  badge text check (badge in ('calm', 'partial', 'tense')),
  cycles_completed integer not null default 0 check (cycles_completed between 0 and 2000),
  shares boolean not null default false,
  hr_mean double precision check (hr_mean between 30 and 220),
  hr_std double precision check (hr_std between 0 and 100),
  valence double precision check (valence between -1 and 1),
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.vr_dome_sessions enable row level security;
revoke all on public.vr_dome_sessions from public, anon, authenticated;

create index on public.vr_dome_sessions (session_id) where session_id is not null;
