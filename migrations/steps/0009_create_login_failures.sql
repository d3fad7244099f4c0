-- Failed sign-ins, counted so that an attacker locks out themselves, not the person they attack. The e-mail is hashed,
-- because people type it for accounts that do not exist. `ip` is the source: a network, a browser that the account
-- knows (`device …`) or a session (`session …`). An asterisk in either column stands for "whatever".
--
-- Brute force has three shapes: one network trying one address, many networks trying one address, one network trying
-- many addresses. Each has a counter, and each makes only the guilty wait:
--
--   counter                        waits from   first wait   longest
--   e-mail and source              5th failure  30 s         15 min
--   e-mail, whatever the network   20th         30 s         15 min
--   network, whatever the e-mail   100th        30 s         1 h
--
-- Failures count within an hour of the one before, and each failure doubles the wait. Only the first counter holds for
-- a source that the account knows (`sign_in_sources`): whoever attacks an account from elsewhere cannot lock its owner
-- out. Failures from a browser or session that the account knows count in the first counter alone. An address without
-- account has no known source and otherwise the same counters, so waiting tells nothing.

create table public.login_failures (
  email_hash text not null,
  ip text not null check (octet_length(ip) <= 64),
  failures integer not null,
  failed_at timestamptz not null default edge.now(),
  locked_until timestamptz,
  primary key (email_hash, ip)
);

create index login_failures_failed_idx on public.login_failures (failed_at);

alter table public.login_failures enable row level security;
revoke all on public.login_failures from public, anon, authenticated;
