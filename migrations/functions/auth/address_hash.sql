-- Hashes an e-mail address, so that a table can count what happens at an address without storing it.
--
-- The result is 64 hexadecimal digits: the SHA-256 of the address in lower case, without the blanks around it.
-- `login_failures.email_hash` and `user_tokens.email_hash` are made of it, because people type addresses that have no
-- account.
create or replace function edge.address_hash(email text) returns text
language sql immutable set search_path = ''
as $$ select encode(sha256(convert_to(lower(btrim(email)), 'UTF8')), 'hex') $$;
