-- Stores the token of a link in a letter, whatever the number of letters.
--
-- The row counts as a letter of `asker`, null for nobody. The link opens something for `asker` where `opens`; otherwise the
-- row keeps neither the account that it would open nor the address, but the address's hash alone. `edge.issue_token`
-- explains the other arguments and is the way to a letter that people ask for, for it holds them to a limit; only a letter
-- that an administrator has sent (`edge.create_account`) is stored without one.
create or replace function edge.keep_token(
  asker uuid, purpose text, email text, hash text, lifetime interval, opens boolean default true
) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.user_tokens (hash, asked_by, user_id, purpose, email, email_hash, expires_at)
  values (keep_token.hash, keep_token.asker, case when opens then keep_token.asker end, keep_token.purpose,
    case when opens and keep_token.asker is not null then lower(btrim(keep_token.email)) end,
    edge.address_hash(keep_token.email), edge.now() + keep_token.lifetime)
$$;
