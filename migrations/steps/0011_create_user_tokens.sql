-- What the links in letters prove: that somebody reads the mail of an address.
--
-- The caller makes 32 random bytes and puts them into the link; only their SHA-256 is stored. A row also counts: an
-- account gets three letters of one purpose per address and hour, and an address gets ten, whoever asks. A request
-- beyond that writes a row that opens nothing and counts for nobody, so that whoever goes on asking in somebody's name
-- does not keep the letters from them; a stranger who asks for letters to an address uses up their own three. A request
-- for an address without account writes such a row as well, and so takes as long as any other.
--
-- A change of e-mail counts, and ends earlier links, whether or not the new address has an account, or the limit would
-- tell which do.

create table public.user_tokens (
  hash text primary key check (octet_length(hash) between 32 and 128),
  -- Null: opens nothing.
  user_id uuid references public.users (id) on delete cascade,
  purpose text not null check (purpose in ('email_verification', 'email_change', 'password_reset')),
  -- The address that the link went to; null where it went to none.
  email text check (octet_length(email) <= 254),
  email_hash text not null check (octet_length(email_hash) = 64),
  used_at timestamptz,
  created_at timestamptz not null default edge.now(),
  expires_at timestamptz not null,
  -- Whose letter it was, as far as it counts; null for a request beyond the limit and for one about nobody.
  asked_by uuid references public.users (id) on delete cascade
);

create index user_tokens_user_idx on public.user_tokens (user_id);
create index user_tokens_address_idx on public.user_tokens (email_hash, purpose, created_at);
create index user_tokens_expires_idx on public.user_tokens (expires_at);
create index user_tokens_asker_idx on public.user_tokens (asked_by);

alter table public.user_tokens enable row level security;
revoke all on public.user_tokens from public, anon, authenticated;
