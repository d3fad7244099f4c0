-- Settings that administrators read and change, each change kept. A setting is made by a migration, with the bounds that
-- its readers rely on; an administrator changes its value, and the next statement that reads it sees the new one.
--
-- The value of a secret one can be written and never read again: not in answers, not in the history.

alter table public.settings add column is_secret boolean not null default false;

create table public.settings_history (
  id bigint generated always as identity primary key,
  key text not null references public.settings (key) on delete cascade,
  version integer not null,
  -- Null for a secret.
  value jsonb,
  changed_by uuid,
  changed_at timestamptz not null default edge.now()
);

create index settings_history_key_idx on public.settings_history (key, version desc);

alter table public.settings_history enable row level security;
revoke all on public.settings_history from public, anon, authenticated;
grant select on public.settings_history to service;
grant select, insert on public.settings_history to edge_owner;
create policy settings_history_service on public.settings_history for select to service using (true);
create policy settings_history_edge_owner on public.settings_history for all to edge_owner using (true) with check (true);

grant update (value, updated_by) on public.settings to edge_owner;

set role edge_owner;

create function edge.setting_json(entry public.settings) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'key', entry.key, 'value', case when not entry.is_secret then entry.value end, 'is_secret', entry.is_secret,
    'updated_by', entry.updated_by, 'updated_at', entry.updated_at, 'version', entry.version,
    'history', coalesce((
      select jsonb_agg(
        jsonb_build_object('version', h.version, 'value', h.value, 'changed_by', h.changed_by, 'changed_at', h.changed_at)
        order by h.version desc)
      from (select * from public.settings_history h where h.key = entry.key order by h.version desc limit 10) as h), '[]'))
$$;

-- Every setting with its last ten changes. For administrators.
create function edge.list_settings() returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  if not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  return query select edge.setting_json(s) from public.settings s order by s.key;
end
$$;

-- Outcomes: `ok` {setting}; `not_found`; `stale`; `invalid` (another type than before, or out of its bounds).
create function edge.change_setting(key text, value jsonb, if_version text default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  entry public.settings;
begin
  if not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  select s.* into entry from public.settings s where s.key = change_setting.key for update;
  if entry.key is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif entry.version::text <> change_setting.if_version then
    return jsonb_build_object('outcome', 'stale');
  elsif jsonb_typeof(entry.value) <> jsonb_typeof(change_setting.value) then
    return jsonb_build_object('outcome', 'invalid');
  end if;
  begin
    update public.settings s set value = change_setting.value, updated_by = edge.uid()
    where s.key = entry.key
    returning s.* into entry;
  exception when check_violation then
    return jsonb_build_object('outcome', 'invalid');
  end;
  insert into public.settings_history (key, version, value, changed_by)
  values (entry.key, entry.version, case when not entry.is_secret then entry.value end, edge.uid());
  perform edge.audit('settings.changed', jsonb_build_object('key', entry.key, 'version', entry.version));
  return jsonb_build_object('outcome', 'ok', 'setting', edge.setting_json(entry));
end
$$;

grant execute on function edge.list_settings(), edge.change_setting(text, jsonb, text) to authenticated;

reset role;
