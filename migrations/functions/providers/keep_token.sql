-- Stores the tokens that a provider has given in place of those of `version`. They are stored before they are used.
--
-- Outcome `kept`; or `superseded`, where other tokens were stored meanwhile, or the connection has ended: those that are there
-- come along, as from `edge.take_token`. Tokens that arrive late, after somebody else was told that the old ones are spent, mend
-- the connection: nobody has lost anything. `refresh_token` null leaves the one that is there, `access_token` null
-- as well (a provider that lets the same tokens live longer).
create or replace function edge.keep_token(
  connection bigint, version integer, access_token text, refresh_token text,
  expires_at timestamptz, refresh_expires_at timestamptz, refresh_at timestamptz
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  c public.provider_connections;
begin
  update public.provider_connections p
  set access_token = coalesce(keep_token.access_token, p.access_token),
    refresh_token = coalesce(keep_token.refresh_token, p.refresh_token),
    token_version = p.token_version + 1,
    token_expires_at = keep_token.expires_at,
    refresh_expires_at = coalesce(keep_token.refresh_expires_at, p.refresh_expires_at),
    refresh_at = keep_token.refresh_at,
    refreshed_at = edge.now(),
    lease_until = null,
    failures = 0,
    status = case when p.status = 'needs_reauth' then 'active' else p.status end,
    cause = case when p.cause = 'rejected' then p.cause end
  where p.id = keep_token.connection and p.token_version = keep_token.version
    and (edge.is_service() or p.user_id = edge.uid())
    and p.status in ('active', 'paused_by_user', 'needs_reauth')
  returning p.* into c;
  if c.id is not null then
    return jsonb_build_object('outcome', 'kept') || edge.tokens_of(c);
  end if;
  select p.* into c from public.provider_connections p
  where p.id = keep_token.connection and (edge.is_service() or p.user_id = edge.uid());
  return jsonb_build_object('outcome', case when c.status in ('active', 'paused_by_user') then 'superseded' else 'unusable' end)
    || edge.tokens_of(c);
end
$$;

grant execute on function edge.keep_token(bigint, integer, text, text, timestamptz, timestamptz, timestamptz)
  to authenticated, service;
