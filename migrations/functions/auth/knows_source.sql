-- Tells whether a person (null for nobody) has signed in from a source within the last 90 days.
--
-- A source is a network or a browser. A network is shared: by it alone, whoever guesses from a person's own network would
-- lock them out, and at home on another network their browser would be a stranger. So a browser is known by a cookie of 32
-- random bytes, of which only a hash is kept (`edge.device_source`). What comes from a browser that the account knows, and
-- what comes from an open session, is judged by a counter of its own (`edge.count_login_failure`): its first five guesses
-- are free, as a network's are, and nobody else's guesses stand in its way. A cookie opens nothing; a browser without one is
-- judged by its network. (The idea is OWASP's, "Slow Down Online Guessing Attacks with Device Cookies".)
--
-- Browsers and networks are known for 90 days from the last sign-in, whatever becomes of the sessions.
create or replace function edge.knows_source(person uuid, source text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.sign_in_sources s
    where s.user_id = knows_source.person and s.source = knows_source.source
      and s.seen_at > edge.now() - interval '90 days')
$$;
