-- Tells whether a hash (null for nobody's) is of a given secret, in the time that a hash of today's cost takes.
--
-- Hashes of several costs live side by side after the setting `bcrypt_cost` has changed. The time of a refusal must not tell
-- them apart, nor tell an account from an address without one. Comparing at cost c takes 2^c steps, so a comparison that is
-- cheaper than today's is followed by idle ones that make up for it exactly: 2^c + 2^c + 2^(c+1) + … + 2^(n-1) = 2^n. A hash
-- that is dearer than today's takes its own time, until the next sign-in makes it anew.
create or replace function edge.password_matches(secret text, hash text) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  today constant integer := edge.bcrypt_cost();
  compared constant text := coalesce(hash, edge.bcrypt_stand_in(today));
  matches constant boolean := edge.bcrypt_matches(secret, compared);
begin
  for idle in edge.bcrypt_cost_of(compared) .. today - 1 loop
    perform edge.bcrypt_matches(secret, edge.bcrypt_stand_in(idle));
  end loop;
  return matches;
end
$$;
