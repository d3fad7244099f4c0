-- Stores the answer to an idempotency key, once: a later answer changes nothing.
--
-- Outcomes: `ok`; `not_found`. `status` is the HTTP status of the answer, `body` its text as it was sent, `headers` those that
-- it is given again with. `edge.idempotency_begin` explains keys.
create or replace function edge.idempotency_settle(key text, status integer, body json, headers jsonb default '{}') returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.idempotency_keys k
  set status = coalesce(k.status, idempotency_settle.status),
    body = case when k.status is null then idempotency_settle.body else k.body end,
    headers = case when k.status is null then idempotency_settle.headers else k.headers end
  where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = idempotency_settle.key;
  return jsonb_build_object('outcome', case when found then 'ok' else 'not_found' end);
end
$$;

grant execute on function edge.idempotency_settle(text, integer, json, jsonb) to authenticated;
