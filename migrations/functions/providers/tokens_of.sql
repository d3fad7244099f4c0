-- What whoever speaks for a connection must know of it: {connection, row, provider, status, cause, version, access_token, refresh_token}, the
-- tokens sealed in the place `row`.
create or replace function edge.tokens_of(c public.provider_connections) returns jsonb
language sql stable
return jsonb_build_object('connection', c.id, 'row', edge.token_place(c.user_id, c.provider), 'provider', c.provider,
  'status', c.status, 'cause', c.cause, 'version', c.token_version, 'access_token', c.access_token, 'refresh_token', c.refresh_token,
  'account', c.provider_user_id);
