-- Names a browser as a source of sign-ins: `device ` and the first half of its cookie's hash.
--
-- `device_hash` is the SHA-256, in hexadecimal digits, of the 32 random bytes in the browser's cookie; null, where the
-- browser keeps no cookie, gives null. The name stands in `sign_in_sources.source` and `login_failures.ip`.
create or replace function edge.device_source(device_hash text) returns text
language sql immutable set search_path = ''
as $$ select 'device ' || left(device_hash, 32) $$;
