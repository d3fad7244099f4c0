-- Adds a row to the audit log about the person of this request; returns its id.
--
-- The row carries the request id and the truncated address from the request's claims. `action` is words with dots, such as
-- `accounts.read`. Where an action concerns somebody else, `metadata.subject` is that person.
create or replace function edge.audit(action text, metadata jsonb default '{}') returns bigint
language sql volatile security definer set search_path = ''
as $$ select edge.audit_as(edge.uid(), audit.action, audit.metadata) $$;

grant execute on function edge.audit(text, jsonb) to authenticated, service;
