-- Pauses a connection of the person of this request, or goes on with it. `active` null turns it over; the state that it has already is no error.
--
-- Raises `OR404 not_found`, and `OR409 not_active` {state} where there is nothing to pause.
create or replace function edge.pause_provider(connection bigint, active boolean) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  c public.provider_connections;
  wanted text;
begin
  c := edge.locked_connection(pause_provider.connection);
  if c.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif c.status not in ('active', 'paused_by_user') then
    raise exception using errcode = 'OR409', message = 'not_active', detail = jsonb_build_object('state', c.status)::text;
  end if;
  wanted := case when coalesce(pause_provider.active, c.status = 'paused_by_user') then 'active' else 'paused_by_user' end;
  if wanted <> c.status then
    update public.provider_connections p set status = wanted where p.id = c.id;
    perform edge.audit('providers.' || case wanted when 'active' then 'resumed' else 'paused' end,
      jsonb_build_object('provider', c.provider, 'connection', c.id));
  end if;
end
$$;

grant execute on function edge.pause_provider(bigint, boolean) to authenticated;
