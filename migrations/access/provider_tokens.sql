-- Nobody but `service` reads or writes a token, and what it reads is sealed.

grant select, insert, update, delete on public.provider_tokens to service;

create policy provider_tokens_service on public.provider_tokens for all to service using (true) with check (true);

create trigger provider_tokens_touch before update on public.provider_tokens
  for each row execute function edge.touch();

-- example:
-- insert into public.provider_tokens (user_id, provider, access_token)
-- values ($1, 'strava', 'key:' || repeat('A', 32) || ':' || repeat('A', 22))
