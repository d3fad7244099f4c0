-- A bcrypt hash of a given cost, of a secret that nobody knows.
--
-- Comparing with it takes the time of a real comparison and never succeeds (`edge.password_matches`).
create or replace function edge.bcrypt_stand_in(cost integer) returns text
language sql immutable set search_path = ''
as $$ select '$2a$' || lpad(cost::text, 2, '0') || '$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny' $$;
