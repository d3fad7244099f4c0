-- Adds a row to the audit log about a given person, null for nobody; returns its id.
--
-- It is for requests whose person is not the one concerned: a failed sign-in is about the account that it tried, and nobody
-- is signed in. The row carries the request id and the truncated address from the request's claims.
create or replace function edge.audit_as(person uuid, action text, metadata jsonb) returns bigint
language sql volatile security definer set search_path = ''
as $$
  insert into public.audit_logs (user_id, action, metadata, request_id, ip)
  values (person, audit_as.action, audit_as.metadata, edge.claim('request_id'), edge.claim('ip'))
  returning id
$$;
