-- The Grimoire's scenes: what a person asked for and sees. A scene points at its current job, which makes its image.
-- Scenes have a table of their own because the product document gives them one; `grimoire_creations` shows them with
-- everything else that a person has asked for.

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
  -- Jobs that we had given up on when it was tried again: RunPod may end one of them well after all.
  former_jobs uuid[] not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  -- The image was made already when it was asked for.
  is_cached boolean not null default false,
  constraint scenes_image_when_succeeded check (status <> 'succeeded' or image_url is not null)
);

create index scenes_user_idx on public.scenes (user_id, created_at desc, id desc);
create index scenes_job_idx on public.scenes (job_id);
create index scenes_former_idx on public.scenes using gin (former_jobs) where former_jobs <> '{}';

alter table public.scenes enable row level security;
revoke all on public.scenes from public, anon, authenticated;
