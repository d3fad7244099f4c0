-- Functions of `edge_owner` claim and finish runs; `service` reads them.

grant select on public.cron_runs to service;
grant select, insert, update, delete on public.cron_runs to edge_owner;

create policy cron_runs_service on public.cron_runs for select to service using (true);
create policy cron_runs_edge_owner on public.cron_runs for all to edge_owner using (true) with check (true);

comment on column public.cron_runs.due_at is 'retention: setting';

-- example:
-- insert into public.cron_runs (function, due_at) values ('example-' || gen_random_uuid(), edge.now())
