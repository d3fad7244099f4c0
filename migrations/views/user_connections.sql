-- Connections under the name that they had before there were many providers, without those that have ended. The view sees what
-- its reader may see: people their own.

create or replace view public.user_connections with (security_invoker = true) as
  select id, user_id, provider::text as provider, provider_user_id, status = 'active' as is_active, scopes, token_expires_at as expires_at,
    last_sync_at, created_at, updated_at
  from public.provider_connections
  where status not in ('pending', 'disconnected');

grant select on public.user_connections to authenticated, service;
