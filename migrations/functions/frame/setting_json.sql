-- A setting as administrators see it: key, about, value, schema, is_secret, updated_by, updated_at, version, history.
--
-- `history` is its last ten changes, latest first: {version, value, changed_by, changed_at}. The value of a secret setting
-- is null: it can be written and never read again, neither here nor in the history.
create or replace function edge.setting_json(entry public.settings) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'key', entry.key, 'about', entry.about, 'value', case when not entry.is_secret then entry.value end,
    'schema', entry.schema, 'is_secret', entry.is_secret,
    'updated_by', entry.updated_by, 'updated_at', entry.updated_at, 'version', entry.version,
    'history', coalesce((
      select jsonb_agg(
        jsonb_build_object('version', h.version, 'value', h.value, 'changed_by', h.changed_by, 'changed_at', h.changed_at)
        order by h.version desc)
      from (select * from public.settings_history h where h.key = entry.key order by h.version desc limit 10) as h), '[]'))
$$;
