-- The cost at which passwords are hashed: the setting `bcrypt_cost`, or 10 where there is none.
--
-- The cost is 10 to 14, and each step takes twice the time of the one before. A change of the setting holds from the next
-- sign-in on: `edge.login` verifies a hash of another cost as it is and then makes it anew.
create or replace function edge.bcrypt_cost() returns integer
language sql stable set search_path = ''
as $$ select coalesce((edge.setting('bcrypt_cost') #>> '{}')::int, 10) $$;
