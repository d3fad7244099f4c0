-- Results of the career diagnostic, as what they are made of: a person's answers, under the versions of items and analysis, from
-- which the result is computed again, byte for byte.
--
-- `answers` has one digit an item, in the order of the question set: 1 to 5, and 0 where none was given. `personality_type` and
-- `confidence_score` are for lists. Whoever deletes a result leaves nothing behind.

create table public.career_explorations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  client_id uuid,
  question_set_version text not null,
  analysis_version text not null,
  lang text not null check (lang in ('fr', 'en')),
  answers text not null check (answers ~ '^[0-5]{1,200}$' and answers ~ '[1-5]'),
  personality_type text not null check (char_length(personality_type) = 4),
  confidence_score double precision not null check (confidence_score between 0 and 1),
  created_at timestamptz not null default edge.now(),
  constraint career_explorations_client_id_key unique (user_id, client_id)
);

create index career_explorations_user_idx on public.career_explorations (user_id, created_at, id);

alter table public.career_explorations enable row level security;
revoke all on public.career_explorations from public, anon, authenticated;
