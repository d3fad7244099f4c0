-- The day, or the moment, where an entry may be written for it: back to `edge.kaizen_oldest()`, and no day after today. Null is
-- null.
--
-- Raises `OR422 date_in_future` or `date_too_old` about the `field` that said it, with {today, oldest}. How far ahead a moment may
-- be is the caller's to say, for clocks differ.
create or replace function edge.writable(day date, field text) returns date
language plpgsql stable set search_path = ''
as $$
declare
  today constant date := edge.today();
  oldest constant date := edge.kaizen_oldest();
begin
  if writable.day > today then
    raise exception using errcode = 'OR422', message = 'date_in_future',
      detail = jsonb_build_object('field', writable.field, 'today', today, 'oldest', oldest);
  elsif writable.day < oldest then
    raise exception using errcode = 'OR422', message = 'date_too_old',
      detail = jsonb_build_object('field', writable.field, 'today', today, 'oldest', oldest);
  end if;
  return writable.day;
end
$$;

create or replace function edge.writable(moment timestamptz, field text) returns timestamptz
language plpgsql stable set search_path = ''
as $$
begin
  perform edge.writable(edge.day_of(writable.moment), writable.field);
  return writable.moment;
end
$$;

grant execute on function edge.writable(date, text), edge.writable(timestamptz, text) to authenticated;
