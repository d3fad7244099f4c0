-- Invitations to organisations, one per address. They are letters that an organisation has strangers written, so the
-- limits on letters are counted here. The rows stay when their organisation goes, which whoever founded it can do in a
-- moment, until they are purged thirty days after their end; without an organisation a link opens nothing.

create table public.organisation_invitations (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid references public.organisations (id) on delete set null,
  email text not null check (octet_length(email) <= 254 and email = lower(email)),
  role text not null check (role in ('member', 'manager')),
  token_hash text not null check (octet_length(token_hash) between 32 and 128),
  invited_by uuid references public.users (id) on delete set null,
  -- How many letters went out since the day of `sent_at` began.
  letters integer not null default 1,
  sent_at timestamptz not null default edge.now(),
  created_at timestamptz not null default edge.now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  accepted_at timestamptz,
  accepted_by uuid references public.users (id) on delete cascade,
  constraint organisation_invitations_address_key unique (organisation_id, email),
  constraint organisation_invitations_token_key unique (token_hash)
);

create index organisation_invitations_email_idx on public.organisation_invitations (email, sent_at);
create index organisation_invitations_inviter_idx on public.organisation_invitations (invited_by, sent_at);
create index organisation_invitations_accepted_idx on public.organisation_invitations (accepted_by);
create index organisation_invitations_expires_idx on public.organisation_invitations (expires_at);

alter table public.organisation_invitations enable row level security;
revoke all on public.organisation_invitations from public, anon, authenticated;
