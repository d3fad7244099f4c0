-- A refusal that may pass, such as RunPod's "too many", was kept under its idempotency key for a day: whoever asked again
-- after the time that the answer named was refused by the answer that was kept.

set role edge_owner;

-- Forgets a key whose creation has failed before it had an answer to keep: the same request is then asked anew.
create function edge.idempotency_release(key text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  delete from public.idempotency_keys k
  where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = idempotency_release.key
    and k.status is null and edge.creation_state(k.subject) ->> 'status' = 'failed';
  return jsonb_build_object('outcome', case when found then 'ok' else 'unchanged' end);
end
$$;

grant execute on function edge.idempotency_release(text) to authenticated;

reset role;
