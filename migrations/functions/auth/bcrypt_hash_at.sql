-- Hashes a secret with bcrypt at a given cost.
--
-- The extension pgcrypto computes it. pgcrypto lives in `extensions` on Supabase and wherever we install it, and in `public`
-- in many older databases. Functions of ours run with an empty search_path, so they need one fixed name whatever the place:
-- that is this function, and the `do` block writes pgcrypto's place into it.
do $$
begin
  execute format(
    $body$
      create or replace function edge.bcrypt_hash_at(secret text, cost integer) returns text language sql volatile
      return %I.crypt(secret, %1$I.gen_salt('bf', cost))
    $body$,
    (select e.extnamespace::regnamespace from pg_catalog.pg_extension e where e.extname = 'pgcrypto'));
end
$$;
