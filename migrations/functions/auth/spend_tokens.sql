-- Makes the links that were sent to a person for given purposes open nothing any more.
--
-- `purposes` are words of `user_tokens.purpose`: `email_verification`, `email_change`, `password_reset`.
create or replace function edge.spend_tokens(person uuid, purposes text[]) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.user_tokens t
  set used_at = edge.now()
  where t.user_id = spend_tokens.person and t.purpose = any (spend_tokens.purposes) and t.used_at is null
$$;
