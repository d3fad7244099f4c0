-- People read their own connections without the tokens, which nobody but functions of `edge_owner` and `service` read, sealed.
-- Functions change them. Whoever goes with grants at a provider leaves word that those are to be revoked.

grant select (id, user_id, provider, status, provider_user_id, provider_username, provider_email, provider_profile, scopes,
  token_expires_at, refresh_expires_at, refresh_at, refreshed_at, failures, cause, cause_at, probed_at, last_sync_at,
  last_sync_error, connected_at, disconnected_at, erase_due_at, version, created_at, updated_at)
  on public.provider_connections to authenticated;
grant select, insert, update, delete on public.provider_connections to service, edge_owner;

create policy provider_connections_own on public.provider_connections for select to authenticated
  using ((select edge.uid()) = user_id);
create policy provider_connections_service on public.provider_connections for all to service, edge_owner
  using (true) with check (true);

create trigger provider_connections_touch before update on public.provider_connections
  for each row execute function edge.touch();

create trigger provider_connections_revoke before delete on public.provider_connections
  for each row when (old.access_token is not null) execute function edge.revoke_with_person();

-- example:
-- insert into public.provider_connections (user_id, provider, status, provider_user_id, access_token)
-- values ($1::uuid, 'strava', 'active', md5($1::uuid::text), 'key:' || repeat('A', 32) || ':' || repeat('A', 22))
