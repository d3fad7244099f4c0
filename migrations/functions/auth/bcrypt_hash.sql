-- Hashes a secret with bcrypt, at the cost of this moment (`edge.bcrypt_cost`).
--
-- The secret is base64(HMAC-SHA-256(pepper, password)), computed by the caller, so that no password reaches the server's log
-- and bcrypt's limit of 72 bytes does not matter.
create or replace function edge.bcrypt_hash(secret text) returns text
language sql volatile set search_path = ''
as $$ select edge.bcrypt_hash_at(secret, edge.bcrypt_cost()) $$;
