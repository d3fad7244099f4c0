-- What people decided, one row per decision, never changed: the latest one of a purpose holds. No row is a no, and so is a yes
-- to an earlier version of the text.

create table public.consents (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  purpose text not null,
  version integer not null,
  granted boolean not null,
  decided_at timestamptz not null default edge.now(),
  constraint consents_purpose_known foreign key (purpose, version) references public.consent_purposes (purpose, version)
);

create index consents_user_idx on public.consents (user_id, purpose, id desc);
create index consents_purpose_idx on public.consents (purpose, version);

alter table public.consents enable row level security;
revoke all on public.consents from public, anon, authenticated;
revoke all on sequence public.consents_id_seq from public, anon, authenticated;
