-- Claims the scheduled functions that are due now; one row per function to be run.
--
-- `functions` is `[{"name": "…", "every_seconds": 300}]`. Each row is {run_id, function, due_at, attempt}; `edge.cron_claim`
-- says when a function is due.
create or replace function edge.cron_due(functions jsonb)
returns table (run_id bigint, function text, due_at timestamptz, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  select c.run_id, c.function, c.due_at, c.attempt
  from jsonb_to_recordset(functions) as f (name text, every_seconds integer),
    lateral edge.cron_claim(f.name, make_interval(secs => f.every_seconds)) as c
$$;

grant execute on function edge.cron_due(jsonb) to service;
