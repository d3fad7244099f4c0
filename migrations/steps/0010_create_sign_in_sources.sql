-- Where accounts have signed in from: networks, and browsers by a cookie.
--
-- A network is shared: by it alone, whoever guesses from a person's own network would lock them out, and at home on
-- another network their browser would be a stranger. So a browser is known by a cookie of 32 random bytes, of which
-- only a hash is kept. What comes from a browser that an account knows, and what comes from an open session, is judged
-- by a counter of its own in `login_failures`: its first five guesses are free, as a network's are, and nobody else's
-- guesses stand in its way. A cookie opens nothing; a browser without one is judged by its network. (The idea is
-- OWASP's, "Slow Down Online Guessing Attacks with Device Cookies".)
--
-- Browsers and networks are known for 90 days from the last sign-in, whatever becomes of the sessions.

create table public.sign_in_sources (
  user_id uuid not null references public.users (id) on delete cascade,
  -- A network, as in the log, or `device ` and the first half of the SHA-256 of a cookie.
  source text not null check (octet_length(source) between 1 and 64),
  seen_at timestamptz not null default edge.now(),
  primary key (user_id, source)
);

create index sign_in_sources_seen_idx on public.sign_in_sources (seen_at);

alter table public.sign_in_sources enable row level security;
revoke all on public.sign_in_sources from public, anon, authenticated;
