-- Who did what, for compliance. Rows are added and, after the retention time, purged; they never change.
--
-- `user_id` has no foreign key: erasing a person must not rewrite the log, and the bare id names nobody once its row in
-- `users` is gone. The column is called `timestamp` because the product document names it so.

create table public.audit_logs (
  id bigint generated always as identity primary key,
  user_id uuid,
  action text not null check (action ~ '^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$' and octet_length(action) <= 100),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  request_id text check (octet_length(request_id) <= 100),
  ip text check (octet_length(ip) <= 64),
  "timestamp" timestamptz not null default edge.now()
);

create index audit_logs_timestamp_idx on public.audit_logs ("timestamp", id);
create index audit_logs_user_idx on public.audit_logs (user_id, "timestamp" desc, id desc);

create trigger audit_logs_append_only before update or truncate on public.audit_logs
  for each statement execute function edge.refuse_change();

alter table public.audit_logs enable row level security;
revoke all on public.audit_logs from public, anon, authenticated;
grant select on public.audit_logs to service;
-- Locking a row needs the right to update it; the trigger above still refuses every update.
grant select, insert, update, delete on public.audit_logs to edge_owner;
create policy audit_logs_service on public.audit_logs for select to service using (true);
create policy audit_logs_edge_owner on public.audit_logs for all to edge_owner using (true) with check (true);

set role edge_owner;

create function edge.audit_as(person uuid, action text, metadata jsonb) returns bigint
language sql volatile security definer set search_path = ''
as $$
  insert into public.audit_logs (user_id, action, metadata, request_id, ip)
  values (person, audit_as.action, audit_as.metadata, edge.claim('request_id'), edge.claim('ip'))
  returning id
$$;

-- Adds one row about the person of this request, with the request id and the truncated address from its claims.
create function edge.audit(action text, metadata jsonb default '{}') returns bigint
language sql volatile security definer set search_path = ''
as $$ select edge.audit_as(edge.uid(), audit.action, audit.metadata) $$;

grant execute on function edge.audit(text, jsonb) to authenticated, service;

reset role;
