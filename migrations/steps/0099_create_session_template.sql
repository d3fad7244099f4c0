-- What every table of sessions has: `create table public.<module>_sessions (like parts.session_template including all, …)`. It
-- holds no rows. Its checks, generated columns and indexes come with it; a foreign key does not, so that each table names its own.
--
-- `started_at` is the device's, `date` the person's own day of it. `last_beat_at` is when the device was heard last (ours), and
-- `elapsed_seconds` what it then told, which never decreases. `duration_seconds` is what counts; `told_seconds` what the device
-- said at the end, where that was too much. `first` is what came under the `client_id`, `last` what ended the session (without
-- notes): repeats are judged by them. Moods are 0 to 100, whatever scale they came in.

-- `parts` is for what no request names: this, and partitions. `sealed` is text that only a function with `SEALING_KEYS` reads.
create schema if not exists parts;
revoke all on schema parts from public;

create domain public.sealed as text check (value ~ '^[^:]+:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$');

create table parts.session_template (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default edge.uid(),
  client_id uuid,
  state text not null default 'started',
  started_at timestamptz not null,
  date date not null,
  last_beat_at timestamptz not null default edge.now(),
  elapsed_seconds integer not null default 0,
  paused_at timestamptz,
  paused_seconds integer not null default 0,
  ended_at timestamptz,
  duration_seconds integer not null default 0,
  told_seconds integer,
  completed_at timestamptz generated always as (case when state = 'completed' then ended_at end) stored,
  mood_before smallint,
  mood_after smallint,
  mood_delta smallint generated always as (mood_after - mood_before) stored,
  notes public.sealed,
  first jsonb not null default '{}',
  last jsonb,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  constraint session_state_known check (state in ('started', 'paused', 'completed', 'abandoned', 'expired')),
  constraint session_date_range check (date between '2000-01-01' and '2199-12-31'),
  constraint session_seconds_range check (elapsed_seconds >= 0 and paused_seconds >= 0 and duration_seconds between 0 and 90000),
  constraint session_mood_range check (mood_before between 0 and 100 and mood_after between 0 and 100),
  constraint session_paused check ((state = 'paused') = (paused_at is not null)),
  constraint session_ended check ((state in ('started', 'paused')) = (ended_at is null)),
  constraint session_completed check (state <> 'completed' or duration_seconds > 0)
);

create unique index on parts.session_template (user_id, client_id);
create index on parts.session_template (user_id, started_at desc, id desc);
create index on parts.session_template (last_beat_at) where state in ('started', 'paused');
create index on parts.session_template (updated_at);
