-- bcrypt from pgcrypto, under names of ours.
--
-- The extension lives in `extensions` on Supabase, in `public` on many old databases, and in `extensions` wherever we
-- install it. The functions of ours run with an empty search_path, so they need one fixed name whatever the place.
--
-- pgcrypto knows the prefix `$2a$` only. For `$2b$` and `$2y$`, which other libraries write for the same algorithm, it
-- silently computes DES, so the prefix is rewritten before every comparison.

create schema if not exists extensions;
create extension if not exists pgcrypto with schema extensions;

do $$
declare
  home constant text := (
    select n.nspname from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'pgcrypto'
  );
  routine regprocedure;
begin
  execute format(
    $body$
      create function edge.bcrypt_hash(secret text) returns text language sql volatile
      return %I.crypt(secret, %1$I.gen_salt('bf', 10))
    $body$, home);
  execute format(
    $body$
      create function edge.bcrypt_matches(secret text, hash text) returns boolean language sql volatile
      return %I.crypt(secret, regexp_replace(hash, '^\$2[by]\$', '$2a$')) = regexp_replace(hash, '^\$2[by]\$', '$2a$')
    $body$, home);
  foreach routine in array array[
    format('%I.crypt(text, text)', home)::regprocedure, format('%I.gen_salt(text, integer)', home)::regprocedure
  ]
  loop
    if not has_function_privilege('edge_owner', routine, 'execute') then
      execute format('grant execute on function %s to edge_owner', routine);
    end if;
  end loop;
end
$$;

alter function edge.bcrypt_hash(text) owner to edge_owner;
alter function edge.bcrypt_matches(text, text) owner to edge_owner;
