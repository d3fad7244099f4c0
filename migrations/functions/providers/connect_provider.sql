-- Connects the account that a provider has told of to the person who had begun the authorization `state_hash`.
--
-- `account` is the provider's id of it, `profile` what it says of it, the tokens are sealed. Outcomes, all but `state_expired` with `return_url`:
--
-- * `connected` {connection}.
-- * `already_linked`: somebody else has this account.
-- * `other_account`: the person has another account of this provider, and has not said that it may be replaced. The grant of one
--   that is replaced is revoked.
-- * `state_expired`: the authorization has come to its end before.
--
-- Whatever the outcome, the authorization has then come to its end. A revocation of the same account that has not been sent yet is called off.
create or replace function edge.connect_provider(
  state_hash text, account text, username text, email text, profile jsonb, scopes text, access_token text, refresh_token text,
  expires_at timestamptz, refresh_expires_at timestamptz, refresh_at timestamptz
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  a public.provider_authorizations;
  own public.provider_connections;
  result text := 'connected';
begin
  select p.* into a from public.provider_authorizations p
  where p.state_hash = connect_provider.state_hash and p.taken_at is not null and p.ended_at is null
  for update;
  if a.state_hash is null then
    return jsonb_build_object('outcome', 'state_expired');
  end if;
  -- Two people who come with one account at once come one after the other.
  perform pg_advisory_xact_lock(hashtextextended(a.provider::text || ':' || connect_provider.account, 7));
  select p.* into own from public.provider_connections p where p.user_id = a.user_id and p.provider = a.provider for update;
  if exists (
    select from public.provider_connections p
    where p.provider = a.provider and p.provider_user_id = connect_provider.account and p.user_id <> a.user_id and p.status <> 'disconnected')
  then
    result := 'already_linked';
  elsif own.provider_user_id <> connect_provider.account and own.status <> 'disconnected' and not a.replaces then
    result := 'other_account';
  end if;
  if result <> 'connected' then
    perform edge.end_authorization(a.state_hash);
    return jsonb_build_object('outcome', result, 'return_url', a.return_url);
  end if;

  if own.provider_user_id <> connect_provider.account then
    perform edge.order_revocation(own);
  elsif own.status = 'disconnect_pending' then
    -- Leaving counted the version on.
    update public.outbox o set dead_at = edge.now(), sealed = null, last_error = 'connected again'
    where o.kind = 'provider_revoke' and o.subject = format('%s:%s', own.id, own.token_version - 1)
      and o.delivered_at is null and o.dead_at is null;
  end if;
  insert into public.provider_connections as p (user_id, provider, status, provider_user_id, provider_username, provider_email,
    provider_profile, scopes, access_token, refresh_token, token_version, token_expires_at, refresh_expires_at, refresh_at,
    refreshed_at, probed_at, connected_at)
  values (a.user_id, a.provider, 'active', connect_provider.account, connect_provider.username, connect_provider.email,
    connect_provider.profile, connect_provider.scopes, connect_provider.access_token, connect_provider.refresh_token, 1,
    connect_provider.expires_at, connect_provider.refresh_expires_at, connect_provider.refresh_at, edge.now(), edge.now(), edge.now())
  on conflict on constraint provider_connections_one_per_provider do update
  set status = 'active', provider_user_id = excluded.provider_user_id, provider_username = excluded.provider_username,
    provider_email = excluded.provider_email, provider_profile = excluded.provider_profile, scopes = excluded.scopes,
    access_token = excluded.access_token, refresh_token = excluded.refresh_token, token_version = p.token_version + 1,
    token_expires_at = excluded.token_expires_at, refresh_expires_at = excluded.refresh_expires_at,
    refresh_at = excluded.refresh_at, refreshed_at = edge.now(), probed_at = edge.now(), lease_until = null, failures = 0,
    cause = null, cause_at = null, connected_at = edge.now(), disconnected_at = null, last_sync_error = null
  returning p.* into own;
  perform edge.end_authorization(a.state_hash);
  perform edge.audit_as(a.user_id, 'providers.connected', jsonb_build_object('provider', a.provider, 'connection', own.id));
  return jsonb_build_object('outcome', 'connected', 'connection', own.id, 'return_url', a.return_url);
end
$$;

grant execute on function edge.connect_provider(text, text, text, text, jsonb, text, text, text, timestamptz, timestamptz, timestamptz)
  to anon, service;
