-- The address that a link to choose a new password went to; null where the link opens nothing.
--
-- A password must not be the account's own address. Where somebody sets a password by a link, nobody is signed in, so the
-- calling function learns the address here and compares; the address is told only to whoever has the link that was sent
-- there.
create or replace function edge.reset_address(token_hash text) returns text
language sql stable security definer set search_path = ''
as $$
  select t.email
  from public.user_tokens t
  where t.hash = reset_address.token_hash and t.purpose = 'password_reset' and t.user_id is not null and t.used_at is null
    and t.expires_at > edge.now()
$$;

grant execute on function edge.reset_address(text) to anon;
