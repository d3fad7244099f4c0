-- Tells whether a hash (null for nobody's) is of a given secret, in the time that a hash of today's cost takes.
--
-- Hashes of several costs live side by side after the setting `bcrypt_cost` has changed. The time of a refusal must not tell
-- them apart, nor tell an account from an address without one. Comparing at cost c takes 2^c steps, so a comparison that is
-- cheaper than today's is followed by idle ones that make up for it exactly: 2^c + 2^c + 2^(c+1) + … + 2^(n-1) = 2^n. A hash
-- that is dearer than today's takes its own time, until the next sign-in makes it anew.
--
-- A secret that people type may come in two spellings, parted by U+001F: the one in which it is hashed today, and the one in
-- which it was typed, for hashes that were made of that. The time then tells how it was typed, which who typed it knows.
create or replace function edge.password_matches(secret text, hash text) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  today constant integer := edge.bcrypt_cost();
  compared constant text := coalesce(hash, edge.bcrypt_stand_in(today));
  matches boolean := false;
  spelling text;
begin
  foreach spelling in array coalesce(nullif(string_to_array(secret, chr(31)), '{}'), '{""}') loop
    matches := edge.bcrypt_matches(spelling, compared) or matches;
    for idle in edge.bcrypt_cost_of(compared) .. today - 1 loop
      perform edge.bcrypt_matches(spelling, edge.bcrypt_stand_in(idle));
    end loop;
  end loop;
  return matches;
end
$$;
