-- Refresh tokens that have been replaced, by their hashes. A token that comes back long after it was replaced has been
-- copied: `edge.refresh` then revokes the whole session.

create table public.user_session_tokens (
  hash text primary key check (octet_length(hash) between 32 and 128),
  session_id uuid not null references public.user_sessions (id) on delete cascade,
  replaced_at timestamptz not null default edge.now()
);

create index user_session_tokens_session_idx on public.user_session_tokens (session_id);
create index user_session_tokens_replaced_idx on public.user_session_tokens (replaced_at);

alter table public.user_session_tokens enable row level security;
revoke all on public.user_session_tokens from public, anon, authenticated;
