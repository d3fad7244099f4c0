-- How long a sign-in under an address must still wait at a source; null or negative where it need not wait.
--
-- Where the account knows the source (`is_known`: a network, a browser or a session), only the counter of that address and
-- source holds: whoever attacks an account from elsewhere cannot lock its owner out. Elsewhere the counters of the address
-- and of the network hold too, and the longest wait counts. `edge.count_login_failure` explains the counters. An address
-- without account has no known source and otherwise the same counters, so that waiting tells nothing.
create or replace function edge.sign_in_wait(email_hash text, source text, is_known boolean) returns interval
language sql stable security definer set search_path = ''
as $$
  select max(f.locked_until) - edge.now()
  from public.login_failures f
  where (f.email_hash, f.ip) = (sign_in_wait.email_hash, sign_in_wait.source)
    or not is_known
      and (f.email_hash, f.ip) in ((sign_in_wait.email_hash, '*'), ('*', sign_in_wait.source))
$$;
