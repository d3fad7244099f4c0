-- What ran when, and the way in which exactly one of two overlapping ticks runs it.
--
-- Time is cut into slots of the length that a function asks for, in UTC, counted from a Monday. A run is a row per function
-- and slot, so whichever tick inserts it first has it, and a tick that was missed is made up for by the next one within
-- the slot. A run that ended `partial` continues at the next tick; one that failed, or whose runner died a quarter of an
-- hour ago, is tried again, five times in all.

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
grant select on public.cron_runs to service;
grant select, insert, update, delete on public.cron_runs to edge_owner;
create policy cron_runs_service on public.cron_runs for select to service using (true);
create policy cron_runs_edge_owner on public.cron_runs for all to edge_owner using (true) with check (true);

set role edge_owner;

create function edge.cron_claim(function text, every interval)
returns table (run_id bigint, function text, due_at timestamptz, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  insert into public.cron_runs as r (function, due_at)
  values (cron_claim.function, date_bin(cron_claim.every, edge.now(), timestamptz '2001-01-01 00:00+00'))
  on conflict (function, due_at) do update
  set attempt = r.attempt + 1,
    failures = r.failures + (r.outcome is distinct from 'partial')::int,
    started_at = excluded.started_at, finished_at = null, outcome = null, error = null
  where r.outcome = 'partial'
    or (r.failures < 4 and (r.outcome = 'failed'
      or (r.outcome is null and r.started_at <= edge.now() - interval '15 minutes')))
  returning r.id, r.function, r.due_at, r.attempt
$$;

-- Of `[{"name": "…", "every_seconds": 300}]`, the functions that are due now, each claimed for the caller.
create function edge.cron_due(functions jsonb)
returns table (run_id bigint, function text, due_at timestamptz, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  select c.run_id, c.function, c.due_at, c.attempt
  from jsonb_to_recordset(functions) as f (name text, every_seconds integer),
    lateral edge.cron_claim(f.name, make_interval(secs => f.every_seconds)) as c
$$;

create function edge.cron_finish(run_id bigint, outcome text, counts jsonb default '{}', error text default null)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
begin
  update public.cron_runs r
  set finished_at = edge.now(), outcome = cron_finish.outcome, counts = cron_finish.counts,
    error = left(cron_finish.error, 2000)
  where r.id = cron_finish.run_id and r.finished_at is null;
  return jsonb_build_object('outcome', case when found then 'ok' else 'not_found' end);
end
$$;

grant execute on function
  edge.cron_claim(text, interval), edge.cron_due(jsonb), edge.cron_finish(bigint, text, jsonb, text)
  to service;

reset role;
