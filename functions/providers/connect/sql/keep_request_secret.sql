-- Keeps the sealed secret of an OAuth 1 request token with the authorization that it was asked for.
create or replace function edge.keep_request_secret(state_hash text, secret text) returns boolean
language sql volatile security definer set search_path = ''
as $$
  update public.provider_authorizations a set secret = keep_request_secret.secret
  where a.state_hash = keep_request_secret.state_hash and a.user_id = edge.uid() and a.taken_at is null
  returning true
$$;

grant execute on function edge.keep_request_secret(text, text) to authenticated;
