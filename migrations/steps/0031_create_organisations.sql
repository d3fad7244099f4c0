-- Organisations: people who belong together.
--
-- An organisation always has a manager who can sign in, or nobody at all. Every change of an organisation locks its row
-- first, so that two managers who leave at once do not leave none.

create table public.organisations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_by uuid references public.users (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  -- The name is written to strangers in invitations. A mail program must not make a link of it, and it must read as it is
  -- stored: no dot as in a domain, no `scheme:`, nothing that is invisible or turns the direction of what follows.
  constraint organisations_name_plain check (
    char_length(name) between 2 and 80
    and name !~ '[[:cntrl:]]'
    and name !~ '[\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\U000E0000-\U000E007F]'
    and name !~* '(//|www\.)'
    -- What is neither a blank nor a sign is a letter or a digit, in any script and whatever the database's locale.
    and name !~ '[^[:space:][:punct:]][.。．｡][^[:space:][:punct:]]'
    and name !~ '[A-Za-z][A-Za-z0-9+.-]*:[^[:space:]]')
);

create index organisations_creator_idx on public.organisations (created_by);

alter table public.organisations enable row level security;
revoke all on public.organisations from public, anon, authenticated;
