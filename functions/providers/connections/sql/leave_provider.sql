-- Disconnects the person of this request from a provider: its grant is to be revoked there, and what was imported stays or goes.
--
-- `erase` null means: what the provider's terms allow is kept. Raises `OR404 not_found`, and `OR409 must_be_erased` where the person would keep
-- what may not be kept. Of a connection that has ended before, what was kept can still be erased. The answer is {status, erased, outbox}: `outbox` is the order to revoke, null
-- where there is nothing to revoke.
create or replace function edge.leave_provider(connection bigint, erase boolean) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  c public.provider_connections;
  must boolean;
  goes boolean;
  entry jsonb;
begin
  c := edge.locked_connection(leave_provider.connection);
  if c.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  must := edge.is_erased_on_leaving(c.provider);
  if must and not coalesce(leave_provider.erase, true) then
    raise exception using errcode = 'OR409', message = 'must_be_erased';
  end if;
  goes := must or coalesce(leave_provider.erase, false);
  update public.provider_authorizations a set ended_at = edge.now(), granted = null, secret = null
  where a.user_id = c.user_id and a.provider = c.provider and a.ended_at is null;
  if c.status not in ('disconnect_pending', 'disconnected') then
    entry := edge.order_revocation(c);
  end if;
  update public.provider_connections p
  set status = case when entry is not null then 'disconnect_pending' when p.status = 'disconnect_pending' then p.status else 'disconnected' end,
    disconnected_at = case when entry is null and p.status <> 'disconnect_pending' then coalesce(p.disconnected_at, edge.now()) end,
    access_token = null, refresh_token = null, token_version = p.token_version + 1, lease_until = null, refresh_at = null,
    token_expires_at = null, refresh_expires_at = null, scopes = null, failures = 0,
    cause = case when p.status in ('disconnect_pending', 'disconnected') then p.cause end,
    provider_username = case when not goes then p.provider_username end,
    provider_email = case when not goes then p.provider_email end,
    provider_profile = case when not goes then p.provider_profile end,
    erase_due_at = case when goes then edge.now() else p.erase_due_at end
  where p.id = c.id
  returning p.* into c;
  perform edge.audit('providers.left', jsonb_build_object('provider', c.provider, 'connection', c.id, 'erased', goes));
  return jsonb_build_object('status', c.status, 'erased', goes, 'outbox', entry);
end
$$;

grant execute on function edge.leave_provider(bigint, boolean) to authenticated;
