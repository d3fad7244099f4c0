-- The Grimoire's poses and sounds: what a person asked for and sees. A creation points at its current job, which makes
-- its result. `grimoire_creations` shows them with the scenes.

create table public.creations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  kind text not null check (kind in ('pose', 'audio')),
  input jsonb not null check (jsonb_typeof(input) = 'object' and octet_length(input::text) <= 8192),
  result_url text check (octet_length(result_url) <= 2048),
  -- Under which terms the result may be used; as `settings` said when it was asked for.
  licence text check (char_length(licence) <= 200),
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  error text check (char_length(error) <= 2000),
  -- The result was made already when it was asked for.
  is_cached boolean not null default false,
  job_id uuid references public.jobs (id) on delete set null,
  -- Jobs that we had given up on when it was tried again: RunPod may end one of them well after all.
  former_jobs uuid[] not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  constraint creations_result_when_succeeded check (status <> 'succeeded' or result_url is not null)
);

create index creations_user_idx on public.creations (user_id, created_at desc, id desc);
create index creations_job_idx on public.creations (job_id);
create index creations_former_idx on public.creations using gin (former_jobs) where former_jobs <> '{}';

alter table public.creations enable row level security;
revoke all on public.creations from public, anon, authenticated;
