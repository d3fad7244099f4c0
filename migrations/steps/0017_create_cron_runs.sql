-- What ran when, and the way in which exactly one of two overlapping ticks runs it.
--
-- Time is cut into slots of the length that a function asks for, in UTC, counted from a Monday. A run is a row per
-- function and slot, so whichever tick inserts it first has it, and the next tick within the slot makes up for one that
-- was missed. A run that ended `partial` continues at the next tick; one that failed, or whose runner died a quarter of
-- an hour ago, is tried again, five times in all.

create table public.cron_runs (
  id bigint generated always as identity primary key,
  function text not null check (function ~ '^[a-z][a-z0-9/_-]{0,99}$'),
  due_at timestamptz not null,
  started_at timestamptz not null default edge.now(),
  finished_at timestamptz,
  attempt integer not null default 1,
  failures integer not null default 0,
  outcome text check (outcome in ('succeeded', 'partial', 'failed')),
  counts jsonb not null default '{}' check (jsonb_typeof(counts) = 'object' and octet_length(counts::text) <= 16384),
  error text check (char_length(error) <= 2000),
  constraint cron_runs_slot_key unique (function, due_at),
  constraint cron_runs_outcome_given check ((finished_at is null) = (outcome is null))
);

create index cron_runs_due_idx on public.cron_runs (due_at);

alter table public.cron_runs enable row level security;
revoke all on public.cron_runs from public, anon, authenticated;
revoke all on sequence public.cron_runs_id_seq from public, anon, authenticated;
