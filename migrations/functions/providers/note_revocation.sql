-- Trigger of `outbox`: once the order to revoke a grant has come to an end, its connection has. One that was given up says so, for the grant then
-- stands until its person takes it back at the provider.
create or replace function edge.note_revocation() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.provider_connections p
  set status = 'disconnected', disconnected_at = edge.now(),
    cause = case when new.dead_at is not null then 'not_revoked' end, cause_at = edge.now()
  where p.id = (new.payload ->> 'connection')::bigint and p.status = 'disconnect_pending';
  return null;
end
$$;
