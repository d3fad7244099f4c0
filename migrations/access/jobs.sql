-- People see how far the jobs are that they began, not what a worker was given, made or cost. `service` reads jobs;
-- only functions of `edge_owner` begin and move them.

grant select (id, user_id, kind, state, attempt, error, created_at, submitted_at, finished_at, version, updated_at)
  on public.jobs to authenticated;
grant select on public.jobs to service;
grant select, insert, update, delete on public.jobs to edge_owner;

create policy jobs_owner on public.jobs for select to authenticated using ((select edge.uid()) = user_id);
create policy jobs_service on public.jobs for select to service using (true);
create policy jobs_edge_owner on public.jobs for all to edge_owner using (true) with check (true);

create trigger jobs_touch before update on public.jobs for each row execute function edge.touch();
-- A person who leaves takes their words along.
create trigger jobs_forget before update of user_id on public.jobs
  for each row when (new.user_id is null and old.user_id is not null) execute function edge.forget_words();
create trigger jobs_price before insert or update of execution_ms on public.jobs
  for each row when (new.execution_ms is not null and new.cost is null) execute function edge.price_job();

-- example:
-- insert into public.jobs (user_id, kind, endpoint, expires_at)
-- values ($1, 'scene', 'example', edge.now() + interval '10 minutes')
