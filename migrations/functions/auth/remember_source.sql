-- Makes a network or browser known to a person's account for the next 90 days.
--
-- A row is written once an hour at most, because an open session prolongs its browser with every refresh. A source that is
-- null or empty is not remembered.
create or replace function edge.remember_source(person uuid, source text) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.sign_in_sources as s (user_id, source)
  select remember_source.person, remember_source.source
  where remember_source.source <> ''
  on conflict (user_id, source) do update set seen_at = edge.now() where s.seen_at < edge.now() - interval '1 hour'
$$;
