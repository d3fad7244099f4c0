-- Stores the token of a link in a letter; true where the letter may be sent, false where enough letters were asked for.
--
-- A link proves that somebody reads the mail of an address. The caller makes 32 random bytes and puts them into the link;
-- `hash` is their SHA-256, and only that is stored. `purpose` is `email_verification`, `email_change` or `password_reset`,
-- `lifetime` is how long the link is good, and `asker` is the account that the letter is about, null for nobody.
--
-- An account gets three letters of one purpose per address and hour, and an address gets ten, whoever asks. A request beyond
-- that, or about nobody, stores a row that opens nothing, and so takes as long as any other. Only requests within the limit
-- count: otherwise whoever goes on asking in somebody's name would keep the letters from them for ever. A stranger who asks
-- for letters to an address uses up their own three.
--
-- `opens` is false where the request counts and its link must open nothing: a change of e-mail counts whether or not the new
-- address has an account, or the limit would tell which addresses have one.
create or replace function edge.issue_token(
  asker uuid, purpose text, email text, hash text, lifetime interval, opens boolean default true
) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := edge.address_hash(issue_token.email);
  is_granted boolean;
begin
  -- Requests at once are counted one after the other.
  perform pg_advisory_xact_lock(hashtextextended('letters ' || digest, 0));
  select issue_token.asker is not null and count(*) < 10
    and count(*) filter (where t.asked_by = issue_token.asker) < 3
  into is_granted
  from public.user_tokens t
  where t.email_hash = digest and t.purpose = issue_token.purpose and t.asked_by is not null
    and t.created_at > edge.now() - interval '1 hour';
  perform edge.keep_token(case when is_granted then issue_token.asker end, issue_token.purpose, issue_token.email,
    issue_token.hash, issue_token.lifetime, issue_token.opens);
  return is_granted;
end
$$;
