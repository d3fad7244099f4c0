-- Today's date of a given person, by their own clock; in UTC where the caller may not see that person.
--
-- It runs with the caller's rights, so that it tells nobody where somebody else lives.
create or replace function edge.today(person uuid) returns date
language sql stable parallel safe
return edge.day_of(edge.now(), person);

grant execute on function edge.today(uuid) to authenticated, service;
