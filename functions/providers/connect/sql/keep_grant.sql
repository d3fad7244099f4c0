-- Keeps what a provider has given for the code, sealed, before it is used. The person sees a connection that is `pending` where they have none.
create or replace function edge.keep_grant(state_hash text, granted text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  a public.provider_authorizations;
begin
  update public.provider_authorizations p
  set granted = keep_grant.granted, secret = null, resume_at = edge.now() + interval '2 minutes'
  where p.state_hash = keep_grant.state_hash and p.taken_at is not null and p.ended_at is null
  returning p.* into a;
  insert into public.provider_connections as c (user_id, provider, status)
  select a.user_id, a.provider, 'pending' where a.state_hash is not null
  on conflict on constraint provider_connections_one_per_provider do nothing;
  return a.state_hash is not null;
end
$$;

grant execute on function edge.keep_grant(text, text) to anon;
