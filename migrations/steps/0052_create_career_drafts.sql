-- A questionnaire that a person has begun, one each, until it is submitted or thrown away. `answers` as in `career_explorations`.

create table public.career_drafts (
  user_id uuid primary key default edge.uid() references public.users (id) on delete cascade,
  question_set_version text not null,
  lang text not null check (lang in ('fr', 'en')),
  answers text not null check (answers ~ '^[0-5]{1,200}$'),
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now()
);

alter table public.career_drafts enable row level security;
revoke all on public.career_drafts from public, anon, authenticated;
