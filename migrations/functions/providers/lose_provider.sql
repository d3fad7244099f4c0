-- A connection that its person must mend: `status` is `needs_reauth`, or `revoked_by_provider`, whose tokens go, and with them
-- what was imported where the provider's terms want that.
create or replace function edge.lose_provider(connection bigint, status text, cause text) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.provider_connections p
  set status = lose_provider.status, cause = lose_provider.cause, cause_at = edge.now(), lease_until = null,
    access_token = case when lose_provider.status = 'needs_reauth' then p.access_token end,
    refresh_token = case when lose_provider.status = 'needs_reauth' then p.refresh_token end,
    refresh_at = case when lose_provider.status = 'needs_reauth' then p.refresh_at end,
    token_version = p.token_version + (lose_provider.status <> 'needs_reauth')::integer,
    erase_due_at = case when lose_provider.status = 'revoked_by_provider' and edge.is_erased_on_leaving(p.provider)
      then edge.now() else p.erase_due_at end
  where p.id = lose_provider.connection;
  select edge.audit_as(p.user_id, 'providers.' || lose_provider.status,
    jsonb_build_object('provider', p.provider, 'cause', lose_provider.cause))
  from public.provider_connections p where p.id = lose_provider.connection
$$;
