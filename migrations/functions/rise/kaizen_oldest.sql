-- The earliest day for which the person of this request may write an entry.
--
-- How far back that is says the setting `kaizen_back_days`. It is a setting, because the right number is a product decision;
-- and this is a function, because people may not read settings.
create or replace function edge.kaizen_oldest() returns date
language sql stable parallel safe security definer set search_path = ''
as $$ select edge.today() - (edge.setting('kaizen_back_days') #>> '{}')::int $$;

grant execute on function edge.kaizen_oldest() to authenticated;
