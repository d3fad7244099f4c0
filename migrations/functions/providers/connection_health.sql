-- How a connection does, derived from how it stands: `ok`, `degraded` (something goes wrong that may pass), `expiring` (within a fortnight, and the provider
-- renews nothing), `broken` (its person must mend it), `paused`, `pending`, `leaving` or `ended`.
create or replace function edge.connection_health(status text, cause text, refresh_at timestamptz, token_expires_at timestamptz) returns text
language sql stable
return case status
  when 'active' then case
    when cause is not null then 'degraded'
    when refresh_at is null and token_expires_at < edge.now() + interval '14 days' then 'expiring'
    else 'ok'
  end
  when 'paused_by_user' then 'paused'
  when 'pending' then 'pending'
  when 'disconnect_pending' then 'leaving'
  when 'disconnected' then 'ended'
  else 'broken'
end;

grant execute on function edge.connection_health(text, text, timestamptz, timestamptz) to authenticated, service;
