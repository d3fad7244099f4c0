-- What managers may know of the people of their organisation: aggregates of a week, never an entry, a session or a
-- journal. A value is null where fewer people than `settings.smallest_group` gave it.
--
-- The aggregates are of whole weeks that are over, and each week is computed once and kept: nobody gets at a person's
-- value by asking again after somebody came or went, or by shifting a range, for there is none. A value shows only
-- where the smallest group gave it, coarsely, and nobody weighs more than anybody else. What is left: whoever colludes
-- with all other members of the smallest group learns about the last one.

create table public.organisation_weeks (
  organisation_id uuid not null references public.organisations (id) on delete cascade,
  -- Its Monday.
  week date not null,
  members integer not null,
  active_share numeric,
  kaizen_members integer not null,
  kaizen_completion numeric,
  zazen_members integer not null,
  zazen_minutes numeric,
  created_at timestamptz not null default edge.now(),
  primary key (organisation_id, week)
);

alter table public.organisation_weeks enable row level security;
revoke all on public.organisation_weeks from public, anon, authenticated;
