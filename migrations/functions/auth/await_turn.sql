-- Makes an attempt to sign in wait until the attempts before it have been counted.
--
-- Guesses sent at once would otherwise all read the wait (`edge.sign_in_wait`) before any of them was counted, and all of
-- them would be free. So attempts stand in line: each one takes a lock before it reads the wait, and holds the lock until it
-- has been counted and its transaction ends. The line is short, for an attempt that must wait ends without hashing.
--
-- An attempt from a browser that the account knows, or from an open session (`is_own`), stands in line behind attempts at
-- the address from the same `source` alone. Every other attempt stands in line behind all others at the address, and behind
-- all others from its network as well once that network has failed fifty times within the hour. Fifty is half of what is
-- free to a network (`edge.count_login_failure`): so more than the other half is never under way at once, and people who
-- share a network do not wait for each other.
--
-- The order of the locks is the same everywhere, and the same whether or not the address has an account.
create or replace function edge.await_turn(email_hash text, source text, is_own boolean) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(
    'sign-in ' || await_turn.email_hash || case when is_own then await_turn.source else '' end, 0));
  if not is_own and exists (
    select from public.login_failures f
    where f.email_hash = '*' and f.ip = await_turn.source and f.failures >= 50
      and f.failed_at > edge.now() - interval '1 hour')
  then
    perform pg_advisory_xact_lock(hashtextextended('sign-in from ' || await_turn.source, 0));
  end if;
end
$$;
