-- Records that a provider gave no new tokens for those of `version`, and gives the lease back.
--
-- `refused` says that the provider itself has said no (`invalid_grant`, or that it is gone): the connection then needs its person,
-- `needs_reauth`, or is `revoked_by_provider` where the provider had turned the access token away before. But only where the version that was read before the call is still
-- there: a token that somebody else has spent meanwhile is no refusal. Anything else is a failure that passes, and is tried
-- again: a minute later, then after twice as long each time, an hour at most, never before `retry_after_s`.
--
-- Outcomes: `refused`, `failed` {retry_after_s}, and `superseded` or `unusable` as from `edge.keep_token`.
create or replace function edge.fail_token(connection bigint, version integer, cause text, refused boolean, retry_after_s integer default null)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  c public.provider_connections;
  wait integer;
begin
  c := edge.locked_connection(fail_token.connection);
  if c.status is null or c.status not in ('active', 'paused_by_user') then
    return jsonb_build_object('outcome', 'unusable') || coalesce(edge.tokens_of(c), '{}');
  elsif c.token_version <> fail_token.version then
    return jsonb_build_object('outcome', 'superseded') || edge.tokens_of(c);
  end if;
  if fail_token.refused then
    perform edge.lose_provider(c.id, case when c.cause = 'rejected' then 'revoked_by_provider' else 'needs_reauth' end,
      case when c.cause = 'rejected' then 'revoked' else fail_token.cause end);
    return jsonb_build_object('outcome', 'refused');
  end if;
  wait := greatest(least(60 * 2 ^ least(c.failures, 6), 3600), fail_token.retry_after_s);
  update public.provider_connections p
  set failures = p.failures + 1, lease_until = null, refresh_at = edge.now() + make_interval(secs => wait),
    cause = coalesce(nullif(p.cause, 'provider_unavailable'), fail_token.cause), cause_at = edge.now()
  where p.id = c.id;
  return jsonb_build_object('outcome', 'failed', 'retry_after_s', wait)
    || case when c.token_expires_at > edge.now() then edge.tokens_of(c) else '{}' end;
end
$$;

grant execute on function edge.fail_token(bigint, integer, text, boolean, integer) to authenticated, service;
