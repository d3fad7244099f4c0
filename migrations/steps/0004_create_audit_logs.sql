-- Who did what, for compliance. Rows are added and, after the retention time, purged; they never change.
--
-- `user_id` has no foreign key: erasing a person must not rewrite the log, and the bare id names nobody once its row in
-- `users` is gone. Where somebody did something to somebody else, `metadata.subject` is the other one. The column
-- `timestamp` is called so because the product document names it so.

create table public.audit_logs (
  id bigint generated always as identity primary key,
  user_id uuid,
  action text not null check (action ~ '^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$' and octet_length(action) <= 100),
  metadata jsonb not null default '{}'
    check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  request_id text check (octet_length(request_id) <= 100),
  ip text check (octet_length(ip) <= 64),
  "timestamp" timestamptz not null default edge.now()
);

create index audit_logs_timestamp_idx on public.audit_logs ("timestamp", id);
create index audit_logs_user_idx on public.audit_logs (user_id, "timestamp" desc, id desc);
-- What was done to a person.
create index audit_logs_subject_idx on public.audit_logs using gin (metadata jsonb_path_ops);
-- Rare actions are found without reading the log through.
create index audit_logs_action_idx on public.audit_logs (action, id);

alter table public.audit_logs enable row level security;
revoke all on public.audit_logs from public, anon, authenticated;
revoke all on sequence public.audit_logs_id_seq from public, anon, authenticated;
