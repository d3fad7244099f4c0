-- Keeps what is to be known when the person of this request comes back from a provider's consent page, for a quarter of an hour.
create or replace function edge.begin_authorization(state_hash text, provider text, return_url text, secret text, replaces boolean) returns boolean
language sql volatile security definer set search_path = ''
as $$
  insert into public.provider_authorizations (state_hash, user_id, provider, return_url, secret, replaces, expires_at)
  values (begin_authorization.state_hash, edge.uid(), begin_authorization.provider::public.provider_type,
    begin_authorization.return_url, begin_authorization.secret, begin_authorization.replaces, edge.now() + interval '15 minutes')
  returning true
$$;

grant execute on function edge.begin_authorization(text, text, text, text, boolean) to authenticated;
