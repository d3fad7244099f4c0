-- Gives the tokens of a connection, or the right to ask the provider for new ones, to one caller at a time.
--
-- `at` is the caller's own clock, by which leases are kept: what holds one is a process that lives now, whatever moment its
-- request is about. `lease_s` must be at least twice as long as the provider may take. People are given their own connections,
-- `service` any. Outcomes, each with `version` of the tokens, `status` and `cause`:
--
-- * `fresh`: `access_token` may be used.
-- * `refresh`: the caller holds the lease and asks the provider now; it ends in `edge.keep_token` or `edge.fail_token`.
-- * `busy` {retry_after_s}: somebody else is asking.
-- * `waiting` {retry_after_s}: the tokens have run out, and the provider could not be asked a moment ago.
-- * `unusable`: there is nothing to use; `status` says why.
--
-- Tokens are due when `refresh_at` has come. One that the provider never renews is used for as long as the provider takes it:
-- its answer decides, not our clock. Raises `OR404 not_found`.
create or replace function edge.take_token(connection bigint, at timestamptz, lease_s integer) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  c public.provider_connections;
  outcome text;
  wait integer;
begin
  c := edge.locked_connection(take_token.connection);
  if c.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  if c.status not in ('active', 'paused_by_user') then
    outcome := 'unusable';
  elsif c.refresh_at is null or (c.refresh_at > edge.now() and coalesce(c.token_expires_at > edge.now(), true)) then
    outcome := 'fresh';
  elsif c.lease_until > take_token.at then
    -- What is still good is used while somebody else asks for what comes next.
    outcome := case when c.token_expires_at > edge.now() + interval '30 seconds' then 'fresh' else 'busy' end;
    wait := ceil(extract(epoch from c.lease_until - take_token.at));
  elsif c.refresh_at > edge.now() then
    outcome := 'waiting';
    wait := ceil(extract(epoch from c.refresh_at - edge.now()));
  else
    outcome := 'refresh';
    update public.provider_connections p
    set lease_until = take_token.at + make_interval(secs => take_token.lease_s)
    where p.id = c.id;
  end if;
  return jsonb_build_object('outcome', outcome, 'version', c.token_version, 'retry_after_s', wait)
    || edge.tokens_of(c);
end
$$;

grant execute on function edge.take_token(bigint, timestamptz, integer) to authenticated, service;
