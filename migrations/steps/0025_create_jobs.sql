-- One ledger for every kind of GPU job, and one job for everybody who asks for the same thing. A job is one attempt on
-- RunPod.
--
-- What a person asks for (a scene, a sound, a pose) points at the job that makes it; a job knows nothing of them, so
-- the late callback of a job that was replaced finds nothing to change. Several may point at one job: whoever asks for
-- what is being made joins it (`is_joinable`), whoever asks for what was made is given it. "The same" is `input_hash`,
-- a hash of kind, endpoint, model version and what the worker is given; a new version in `settings.models` forgets all
-- results.
--
-- RunPod has no idempotency key, so a submission whose answer is lost is never repeated. The job waits in `submitting`
-- until its callback adopts it or its time is up.
--
-- A failure that RunPod has told is final. One that we concluded from silence (`is_presumed`) is not: should RunPod's
-- word arrive after all, it is believed.
--
-- A job outlives the person who began it: it loses the person's id and words, and the others keep their result. A
-- result belongs to those who asked for it. Once nobody has it any more, because their accounts or creations were
-- deleted, its file leaves the storage too; the job stays in the ledger, for the numbers, and forgets what it was asked
-- for. That happens before the file is deleted: from then on nobody is given it from the cache. The file's address
-- (`output`) is kept until the storage has said that the file is gone, so the next run makes up for one that dies in
-- between. Files of different jobs have different names.
--
-- RunPod's API does not say what a job has cost; RunPod bills the seconds that a worker computes, at the price of its
-- GPU. The setting `gpu_prices` says what a second costs by kind of creation. A job of a kind without a price has no
-- cost. What RunPod bills for starting a worker is in no job's cost.
--
-- A daily quota counts a job on the person's own day on which it was asked for. That day is written down with the job
-- (`asked_on`), so that no later change of the person's clock moves it.

create table public.jobs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.users (id) on delete set null,
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
  -- What the worker was given, for a retry.
  input jsonb check (octet_length(input::text) <= 16384),
  input_hash text check (octet_length(input_hash) = 64),
  is_joinable boolean not null default false,
  is_presumed boolean not null default false,
  -- False where another job counts in the day's quota in its place: one creation is one, however often we had to try.
  is_counted boolean not null default true,
  progress smallint check (progress between 0 and 100),
  asked_on date default edge.today(),
  -- How often RunPod has been asked about it.
  checks smallint not null default 0,
  constraint jobs_runpod_job_id_key unique (endpoint, runpod_job_id),
  constraint jobs_finished_at_given check ((finished_at is not null) = (state in ('succeeded', 'failed', 'cancelled')))
);

-- Serves the quota's count.
create index jobs_user_idx on public.jobs (user_id, created_at) include (id, kind, state);
create index jobs_unfinished_idx on public.jobs (coalesce(checked_at, submitted_at), id)
  where state in ('queued', 'running');
create unique index jobs_flight_idx on public.jobs (input_hash) where is_joinable and finished_at is null;
create index jobs_result_idx on public.jobs (input_hash, finished_at desc) where state = 'succeeded';
create index jobs_queue_idx on public.jobs (endpoint, created_at, id) where state in ('submitting', 'queued');
create index jobs_aging_idx on public.jobs (expires_at, id) where finished_at is null;
create index jobs_created_idx on public.jobs (created_at);
-- Serves RunPod's times of the last hour.
create index jobs_finished_idx on public.jobs (finished_at) where finished_at is not null;
create index jobs_output_idx on public.jobs ((output ->> 'url')) where output is not null;
create index jobs_upload_idx on public.jobs (finished_at) where output ? 'upload';

alter table public.jobs enable row level security;
revoke all on public.jobs from public, anon, authenticated;
