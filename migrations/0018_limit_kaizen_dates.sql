-- How far back a kaizen entry may be dated. A setting, because the right number is a product decision; a function,
-- because people may not read settings.

insert into public.settings (key, value, created_at, updated_at)
values ('kaizen_back_days', '30', statement_timestamp(), statement_timestamp());

alter table public.settings add constraint settings_kaizen_back_days_range check (
  key <> 'kaizen_back_days' or (jsonb_typeof(value) = 'number' and value::text ~ '^[0-9]{1,4}$')
);

set role edge_owner;

-- The earliest day that the person of this request may write.
create function edge.kaizen_oldest() returns date
language sql stable parallel safe security definer set search_path = ''
as $$ select edge.today() - (edge.setting('kaizen_back_days') #>> '{}')::int $$;

grant execute on function edge.kaizen_oldest() to authenticated;

reset role;
