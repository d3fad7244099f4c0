-- Trigger of `provider_connections`: who is erased takes back what a provider was allowed.
create or replace function edge.revoke_with_person() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform edge.order_revocation(old);
  return old;
end
$$;
