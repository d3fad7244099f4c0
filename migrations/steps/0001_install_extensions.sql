-- Extensions: pgcrypto for bcrypt, btree_gist for the rule that sessions of zazen do not overlap.
--
-- pgcrypto lives in `extensions` on Supabase, in `public` on many old databases, and in `extensions` wherever this step
-- installs it. Functions run with an empty search_path, so they need one fixed name whatever the place:
-- `edge.bcrypt_*`.

create schema if not exists extensions;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists btree_gist with schema extensions;

-- `edge_owner` may name and call what `edge.bcrypt_*` call: PUBLIC may not call functions that the migrating role
-- creates.
do $$
declare
  home constant text := (
    select n.nspname from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'pgcrypto'
  );
  routine regprocedure;
begin
  if not has_schema_privilege('edge_owner', home, 'usage') then
    execute format('grant usage on schema %I to edge_owner', home);
  end if;
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
