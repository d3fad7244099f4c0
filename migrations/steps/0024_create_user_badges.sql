-- The badges that people have earned. A badge is recorded once and stays, even when an entry is later taken back:
-- progress is rewarded, never punished.
--
-- Badges follow from events alone. A day of rest in the week that is not over may still turn out to have been missed,
-- by a higher target set before Sunday, so it carries no badge until then; and what is entered afterwards moves
-- `earned_on` back.

create table public.user_badges (
  user_id uuid not null references public.users (id) on delete cascade,
  rule text not null references public.progress_rules (code),
  earned_on date not null,
  awarded_at timestamptz not null default edge.now(),
  primary key (user_id, rule)
);

create index user_badges_rule_idx on public.user_badges (rule);

alter table public.user_badges enable row level security;
revoke all on public.user_badges from public, anon, authenticated;
