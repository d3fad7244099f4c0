-- Lists every setting with its last ten changes, by key; for administrators.
--
-- Each is as `edge.setting_json` has it, so the value of a secret is null. Raises `OR403 forbidden`.
create or replace function edge.list_settings() returns setof jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin']);
  return query select edge.setting_json(s) from public.settings s order by s.key;
end
$$;

grant execute on function edge.list_settings() to authenticated;
