-- Who belongs to an organisation, and as what.
--
-- A person is a member of one organisation at most, so that two groups that differ by one person cannot be compared.
-- Somebody may manage several: managers are not counted in the aggregates, for they know their own values.

create table public.organisation_members (
  organisation_id uuid not null references public.organisations (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  role text not null check (role in ('member', 'manager')),
  joined_at timestamptz not null default edge.now(),
  primary key (organisation_id, user_id)
);

create index organisation_members_user_idx on public.organisation_members (user_id);
create index organisation_members_joined_idx on public.organisation_members (organisation_id, joined_at, user_id);
create unique index organisation_members_one_each on public.organisation_members (user_id) where role = 'member';

alter table public.organisation_members enable row level security;
revoke all on public.organisation_members from public, anon, authenticated;
