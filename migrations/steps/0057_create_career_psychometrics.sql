-- How well each scale of the questionnaire holds together, over the people who consent: facts about a group, never about one person.

create table public.career_psychometrics (
  question_set_version text not null,
  lang text not null,
  scale text not null,
  -- Rounded down to tens.
  people integer not null,
  -- Cronbach's; null where everybody answered alike.
  alpha numeric,
  -- [{id, r, mean}]: corrected item-total correlation and mean of the coded answer, -1 to 1.
  items jsonb not null,
  computed_at timestamptz not null default edge.now(),
  primary key (question_set_version, lang, scale)
);

alter table public.career_psychometrics enable row level security;
revoke all on public.career_psychometrics from public, anon, authenticated;
