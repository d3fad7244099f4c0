-- Forgets an idempotency key whose request was refused, or whose creation has failed, before it had an answer to keep.
--
-- Outcomes: `ok`, and the same request is then asked anew; `unchanged`. A refusal that may pass, such as RunPod's "too
-- many", is not kept: the key would give the same refusal for a day, also after the time that the answer named.
create or replace function edge.idempotency_release(key text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  delete from public.idempotency_keys k
  where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = idempotency_release.key
    and k.status is null and (k.subject is null or edge.creation_state(k.subject) ->> 'status' = 'failed');
  return jsonb_build_object('outcome', case when found then 'ok' else 'unchanged' end);
end
$$;

grant execute on function edge.idempotency_release(text) to authenticated;
