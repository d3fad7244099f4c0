-- The cost at which a bcrypt hash was made, as the hash itself says it: 10 for `$2a$10$…`.
create or replace function edge.bcrypt_cost_of(hash text) returns integer
language sql immutable set search_path = ''
as $$ select substr(hash, 5, 2)::int $$;
