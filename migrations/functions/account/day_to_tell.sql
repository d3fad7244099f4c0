-- A moment as a day in a letter to a person: in their zone, and as their language writes days.
create or replace function edge.day_to_tell(person public.users, moment timestamptz) returns text
language sql stable set search_path = ''
as $$
  select to_char(moment at time zone person.time_zone, case person.locale when 'fr' then 'DD/MM/YYYY' else 'YYYY-MM-DD' end)
$$;
