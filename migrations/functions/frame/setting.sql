-- The value of a setting; null where there is none of that name.
--
-- Settings are what changes without a deployment: quotas, retention, switches. Functions read them inside SQL by
-- `edge.setting`, never by an extra call, and people, who may not read the table, have no right to call it.
create or replace function edge.setting(name text) returns jsonb
language sql stable parallel safe security definer set search_path = ''
as $$ select s.value from public.settings s where s.key = name $$;
