-- The Grimoire's scenes, and the ledger of GPU jobs that make them.
--
-- A scene is what a person asked for and sees; a job is one attempt on RunPod to make it. A scene points at its current
-- job, a job knows nothing of scenes: sounds will use the same ledger, and the late callback of a job that was replaced
-- finds nothing to change.
--
-- RunPod has no idempotency key, so a submission whose answer is lost is never repeated. The job waits in `submitting`
-- until its callback adopts it or its time is up.

create table public.jobs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  kind text not null check (kind in ('scene', 'pose', 'audio')),
  state text not null default 'submitting'
    check (state in ('submitting', 'queued', 'running', 'succeeded', 'failed', 'cancelled')),
  attempt integer not null default 1 check (attempt >= 1),
  endpoint text not null check (octet_length(endpoint) between 1 and 200),
  runpod_job_id text check (octet_length(runpod_job_id) between 1 and 200),
  output jsonb check (octet_length(output::text) <= 65536),
  error text check (char_length(error) <= 2000),
  delay_ms bigint check (delay_ms >= 0),
  execution_ms bigint check (execution_ms >= 0),
  response_time_ms integer check (response_time_ms >= 0),
  cost numeric(12, 6) check (cost >= 0),
  created_at timestamptz not null default edge.now(),
  submitted_at timestamptz,
  -- Until when RunPod may work on it, and how long an unclear submission is waited for.
  expires_at timestamptz not null,
  checked_at timestamptz,
  finished_at timestamptz,
  version integer not null default 1,
  updated_at timestamptz not null default edge.now(),
  constraint jobs_runpod_job_id_key unique (endpoint, runpod_job_id),
  constraint jobs_finished_at_given check ((finished_at is not null) = (state in ('succeeded', 'failed', 'cancelled')))
);

-- Serves the quota's count without touching the table.
create index jobs_user_idx on public.jobs (user_id, created_at) include (id, kind, state);
create index jobs_submitting_idx on public.jobs (expires_at, id) where state = 'submitting';
create index jobs_unfinished_idx on public.jobs (coalesce(checked_at, submitted_at), id)
  where state in ('queued', 'running');

create table public.scenes (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  world text not null constraint scenes_world_length check (char_length(world) between 1 and 200),
  era text not null constraint scenes_era_length check (char_length(era) between 1 and 200),
  class text not null constraint scenes_class_length check (char_length(class) between 1 and 200),
  pose text not null constraint scenes_pose_length check (char_length(pose) between 1 and 200),
  decor text not null constraint scenes_decor_length check (char_length(decor) between 1 and 200),
  image_url text check (octet_length(image_url) <= 2048),
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  error text check (char_length(error) <= 2000),
  job_id uuid references public.jobs (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  constraint scenes_job_key unique (job_id),
  constraint scenes_image_when_succeeded check (status <> 'succeeded' or image_url is not null)
);

create index scenes_user_idx on public.scenes (user_id, created_at desc, id desc);

create trigger jobs_touch before update on public.jobs for each row execute function edge.touch();
create trigger scenes_touch before update on public.scenes for each row execute function edge.touch();

alter table public.jobs enable row level security;
revoke all on public.jobs from public, anon, authenticated;
grant select (id, user_id, kind, state, attempt, error, created_at, submitted_at, finished_at, version, updated_at)
  on public.jobs to authenticated;
grant select on public.jobs to service;
grant select, insert, update, delete on public.jobs to edge_owner;
create policy jobs_owner on public.jobs for select to authenticated using ((select edge.uid()) = user_id);
create policy jobs_service on public.jobs for select to service using (true);
create policy jobs_edge_owner on public.jobs for all to edge_owner using (true) with check (true);

alter table public.scenes enable row level security;
revoke all on public.scenes from public, anon, authenticated;
grant select on public.scenes to authenticated, service;
grant delete on public.scenes to service;
grant select, insert, update, delete on public.scenes to edge_owner;
create policy scenes_owner on public.scenes for select to authenticated using ((select edge.uid()) = user_id);
create policy scenes_service on public.scenes for all to service, edge_owner using (true) with check (true);
