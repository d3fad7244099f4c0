-- Counts a failed attempt to sign in, and makes the attempts that follow too many of them wait.
--
-- Brute force has three shapes: one source trying one address, many networks trying one address, one network trying many
-- addresses. Each shape has a counter, and each counter makes only the guilty wait:
--
--   counter                        waits from   first wait   longest
--   e-mail and source              5th failure  30 s         15 min
--   e-mail, whatever the network   20th         30 s         15 min
--   network, whatever the e-mail   100th        30 s         1 h
--
-- A failure counts within an hour of the one before, and from the first wait on each failure doubles the wait. `email_hash`
-- is of the address that was typed (`edge.address_hash`), so an address without account has the same counters, and waiting
-- does not tell whether an account exists. A counter is a row of `login_failures`; in a row an asterisk stands for
-- "whatever".
--
-- `source` is a network, a browser that the account knows (`device …`) or an open session (`session …`). A failure from such
-- a browser or session (`is_own`) counts in the first counter alone, a failure from a network in all three.
-- `edge.sign_in_wait` says which counters hold for whom.
--
-- The function writes its rows in one order, so that two failures at once cannot lock each other.
create or replace function edge.count_login_failure(email_hash text, source text, is_own boolean) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.login_failures as f (email_hash, ip, failures)
  select c.email_hash, c.ip, 1
  from (values
    (1, count_login_failure.email_hash, count_login_failure.source, true),
    (2, count_login_failure.email_hash, '*', not is_own),
    (3, '*', count_login_failure.source, not is_own)) as c (place, email_hash, ip, counts)
  where c.counts
  order by c.place
  on conflict (email_hash, ip) do update
  set failures = case when f.failed_at < edge.now() - interval '1 hour' then 1 else f.failures + 1 end,
    failed_at = edge.now(),
    locked_until = (
      select edge.now() + make_interval(secs => least(30 * 2 ^ least(f.failures + 1 - free, 10), longest))
      from (select
        case when f.email_hash = '*' then 100 when f.ip = '*' then 20 else 5 end as free,
        case when f.email_hash = '*' then 3600 else 900 end as longest) as counter
      where f.failed_at >= edge.now() - interval '1 hour' and f.failures + 1 >= free)
$$;
