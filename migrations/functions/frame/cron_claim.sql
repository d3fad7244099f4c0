-- Claims the run of a scheduled function that is due now; one row, or none where nothing is to be run.
--
-- Time is cut into slots of the length `every`, in UTC, counted from a Monday. A run is a row of `cron_runs` per function
-- and slot, so of two overlapping ticks exactly one runs it, the one that inserts the row first; and the next tick within
-- the slot makes up for one that was missed. A run that ended `partial` continues at the next tick. A run that failed, or
-- whose runner died, is tried again, five times in all: a runner counts as dead a quarter of an hour after it began.
-- `due_at` is the beginning of the slot, `attempt` counts from 1.
--
-- What runs once a day or less often begins up to two hours after its slot, each function at its own tick, by its name:
-- an invocation chain may call few functions, and they would all be due at midnight.
create or replace function edge.cron_claim(function text, every interval)
returns table (run_id bigint, function text, due_at timestamptz, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  insert into public.cron_runs as r (function, due_at)
  select cron_claim.function, slot.beginning
  from (select date_bin(cron_claim.every, edge.now(), timestamptz '2001-01-01 00:00+00')) as slot (beginning)
  where edge.now() >= slot.beginning + case when cron_claim.every >= interval '1 day' then
      make_interval(mins => 5 * (('x' || left(md5(cron_claim.function), 6))::bit(24)::integer % 24)) else interval '0' end
  on conflict (function, due_at) do update
  set attempt = r.attempt + 1,
    failures = r.failures + (r.outcome is distinct from 'partial')::int,
    started_at = excluded.started_at, finished_at = null, outcome = null, error = null
  where r.outcome = 'partial'
    or (r.failures < 4 and (r.outcome = 'failed'
      or (r.outcome is null and r.started_at <= edge.now() - interval '15 minutes')))
  returning r.id, r.function, r.due_at, r.attempt
$$;

grant execute on function edge.cron_claim(text, interval) to service;
