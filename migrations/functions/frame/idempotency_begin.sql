-- Takes an idempotency key for a write, or says what has become of the write that took it before.
--
-- A write may be sent twice safely: the answer to a person's key is kept for 24 hours and given again. It is two
-- transactions: the first takes the key and writes, the second stores the answer (`edge.idempotency_settle`). In between a
-- repeat is told that the work is in progress, and on what. A key that has neither answer nor subject after a minute belongs
-- to a request that has died with its answer, and the next one takes it: what it writes twice then is for the unique keys of
-- its table to refuse. Keys are told apart per person and per claim `operation`.
--
-- Outcomes: `new`; `replayed` {status, body}; `mismatch`, where the key was taken by another request; `in_progress`
-- {subject}, the id of what is being made, or null. `key` is the digest of what the caller sent, and `request_hash` that of
-- the whole request, by which another one is recognised.
create or replace function edge.idempotency_begin(key text, request_hash text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  kept public.idempotency_keys;
begin
  insert into public.idempotency_keys as k (user_id, operation, key, request_hash)
  values (edge.uid(), edge.claim('operation'), idempotency_begin.key, idempotency_begin.request_hash)
  on conflict (user_id, operation, key) do update
  set request_hash = excluded.request_hash, subject = null, status = null, body = null, headers = '{}',
    created_at = excluded.created_at, expires_at = excluded.expires_at
  where k.expires_at <= edge.now()
    or (k.status is null and k.subject is null and k.created_at <= edge.now() - interval '1 minute')
  returning k.* into kept;
  if kept.key is not null then
    return jsonb_build_object('outcome', 'new');
  end if;

  select k.* into kept
  from public.idempotency_keys k
  where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = idempotency_begin.key;
  if kept.request_hash <> idempotency_begin.request_hash then
    return jsonb_build_object('outcome', 'mismatch');
  elsif kept.status is null then
    return jsonb_build_object('outcome', 'in_progress', 'subject', kept.subject);
  end if;
  return jsonb_build_object('outcome', 'replayed', 'status', kept.status, 'body', kept.body);
end
$$;

grant execute on function edge.idempotency_begin(text, text) to authenticated;
