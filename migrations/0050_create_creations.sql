-- One ledger for every kind of GPU job, and one job for everybody who asks for the same thing.
--
-- What a person asks for (a scene, a sound, a pose) points at the job that makes it. Several may point at one job: whoever
-- asks for what is being made joins it, whoever asks for what was made is given it (`is_cached`). "The same" is a hash of
-- kind, endpoint, model version and what the worker is given; `settings.models` changes the version and so forgets all.
--
-- A job therefore outlives the person who began it: it loses the person's id and words, and the others keep their result.
--
-- A failure that RunPod has told is final. One that we concluded from silence (`is_presumed`) is not: should RunPod's word
-- arrive after all, it is believed.

alter table public.jobs
  alter column user_id drop not null,
  drop constraint jobs_user_id_fkey,
  add constraint jobs_user_id_fkey foreign key (user_id) references public.users (id) on delete set null,
  -- What the worker was given, for a retry.
  add column input jsonb check (octet_length(input::text) <= 16384),
  add column input_hash text check (octet_length(input_hash) = 64),
  add column is_joinable boolean not null default false,
  add column is_presumed boolean not null default false,
  add column progress smallint check (progress between 0 and 100);

create unique index jobs_flight_idx on public.jobs (input_hash) where is_joinable and finished_at is null;
create index jobs_result_idx on public.jobs (input_hash, finished_at desc) where state = 'succeeded';
create index jobs_queue_idx on public.jobs (endpoint, created_at, id) where state in ('submitting', 'queued');
create index jobs_aging_idx on public.jobs (expires_at, id) where finished_at is null;
drop index public.jobs_submitting_idx;

alter table public.scenes
  drop constraint scenes_job_key,
  add column is_cached boolean not null default false;
create index scenes_job_idx on public.scenes (job_id);

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
  is_cached boolean not null default false,
  job_id uuid references public.jobs (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  constraint creations_result_when_succeeded check (status <> 'succeeded' or result_url is not null)
);

create index creations_user_idx on public.creations (user_id, created_at desc, id desc);
create index creations_job_idx on public.creations (job_id);
create trigger creations_touch before update on public.creations for each row execute function edge.touch();

alter table public.creations enable row level security;
revoke all on public.creations from public, anon, authenticated;
grant select on public.creations to authenticated, service;
grant delete on public.creations to service;
grant select, insert, update, delete on public.creations to edge_owner;
create policy creations_owner on public.creations for select to authenticated using ((select edge.uid()) = user_id);
create policy creations_service on public.creations for all to service, edge_owner using (true) with check (true);

-- Which kinds of messages there are is the sender's knowledge; it gives up what it does not know.
alter table public.outbox
  drop constraint if exists outbox_kind_check,
  drop constraint if exists outbox_kind_shape,
  add constraint outbox_kind_shape check (kind ~ '^[a-z][a-z_]{0,31}$');

alter table public.settings
  add constraint settings_audio_per_day_by_tier check (
    case when key in ('audio_per_day', 'poses_per_day')
      then coalesce(
        value ->> 'FREE' ~ '^[0-9]{1,6}$' and value ->> 'PREMIUM' ~ '^[0-9]{1,6}$'
        and jsonb_typeof(value -> 'FREE') = 'number' and jsonb_typeof(value -> 'PREMIUM') = 'number', false)
      else true end
  ),
  add constraint settings_models_by_kind check (
    case when key = 'models'
      then jsonb_typeof(value) = 'object' and not jsonb_path_exists(value, '$.* ? (@.type() != "string")') else true end
  ),
  -- {"world": {"words": ["Orée"], "free_text": true}, …}
  add constraint settings_scene_vocabulary_shape check (
    case when key = 'scene_vocabulary'
      then jsonb_typeof(value) = 'object' and not jsonb_path_exists(value,
        '$.* ? (!(@.words.type() == "array" && @.free_text.type() == "boolean"))') else true end
  );

insert into public.settings (key, value, created_at, updated_at)
select key, value, statement_timestamp(), statement_timestamp()
from (values
  ('audio_per_day', '{"FREE": 10, "PREMIUM": 100}'::jsonb),
  ('poses_per_day', '{"FREE": 20, "PREMIUM": 200}'),
  ('models', '{"scene": "1", "pose": "1", "audio": "1"}'),
  ('audio_licence', '"CC-BY-4.0"'),
  ('scene_vocabulary', '{
    "world": {"words": [], "free_text": true}, "era": {"words": [], "free_text": true},
    "class": {"words": [], "free_text": true}, "pose": {"words": [], "free_text": true},
    "decor": {"words": [], "free_text": true}}')
) as defaults (key, value);

set role edge_owner;

-- A person who leaves takes their words along.
create function edge.forget_words() returns trigger
language plpgsql
as $$
begin
  new.input := null;
  return new;
end
$$;

reset role;

create trigger jobs_forget before update of user_id on public.jobs
  for each row when (new.user_id is null and old.user_id is not null) execute function edge.forget_words();
