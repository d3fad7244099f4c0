-- Tells whether a bcrypt hash is of a given secret.
--
-- pgcrypto knows the prefix `$2a$` only. For `$2b$` and `$2y$`, which other libraries write for the same algorithm, it
-- silently computes DES, so the function rewrites the prefix before it compares. The `do` block writes pgcrypto's place into
-- the function, as `edge.bcrypt_hash_at` explains.
do $$
begin
  execute format(
    $body$
      create or replace function edge.bcrypt_matches(secret text, hash text) returns boolean language sql volatile
      return %I.crypt(secret, regexp_replace(hash, '^\$2[by]\$', '$2a$')) = regexp_replace(hash, '^\$2[by]\$', '$2a$')
    $body$,
    (select e.extnamespace::regnamespace from pg_catalog.pg_extension e where e.extname = 'pgcrypto'));
end
$$;
