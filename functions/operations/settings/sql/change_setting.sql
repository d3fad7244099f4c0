-- Changes the value of a setting, for administrators; the next statement that reads it sees the new one.
--
-- A setting, its first value and the bounds that its readers rely on are made by `migrations/settings.sql`. The change is kept in
-- `settings_history`, without the value of a secret. Returns the setting, as `edge.setting_json` has it. Raises `OR404 not_found`;
-- `OR412 precondition_failed`, where `if_version` is not its version; `OR422 not_allowed`, a value of another type than the
-- present one or out of its bounds; and `OR403 forbidden`.
create or replace function edge.change_setting(key text, value jsonb, if_version text default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  entry public.settings;
begin
  perform edge.require_role(array['admin']);
  select s.* into entry from public.settings s where s.key = change_setting.key for update;
  if entry.key is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif not edge.is_version(entry.version, change_setting.if_version) then
    raise exception using errcode = 'OR412', message = 'precondition_failed';
  elsif jsonb_typeof(entry.value) <> jsonb_typeof(change_setting.value) then
    raise exception using errcode = 'OR422', message = 'not_allowed', detail = '{"field": "value"}';
  end if;
  begin
    -- 6.0 is 6, and is read as a text that is cast to an integer.
    update public.settings s
    set value = case jsonb_typeof(change_setting.value)
        when 'number' then to_jsonb(trim_scale(change_setting.value::text::numeric)) else change_setting.value end,
      updated_by = edge.uid()
    where s.key = entry.key
    returning s.* into entry;
  exception when check_violation then
    raise exception using errcode = 'OR422', message = 'not_allowed', detail = '{"field": "value"}';
  end;
  insert into public.settings_history (key, version, value, changed_by)
  values (entry.key, entry.version, case when not entry.is_secret then entry.value end, edge.uid());
  perform edge.audit('settings.changed', jsonb_build_object('key', entry.key, 'version', entry.version));
  return edge.setting_json(entry);
end
$$;

grant execute on function edge.change_setting(text, jsonb, text) to authenticated;
