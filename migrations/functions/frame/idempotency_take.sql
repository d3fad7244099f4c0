-- Takes an idempotency key for the write that this request is about to make, in its transaction: `edge.enter` calls it.
--
-- Raises what ends the request where the key was taken before: `OR409 idempotency_mismatch`, by another request;
-- `OR409 idempotency_in_progress`, by the same one, which has not ended; `OR200 idempotency_replayed`, by the same one, whose
-- answer `edge.idempotency_answer` gives.
create or replace function edge.idempotency_take(key text, request_hash text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  outcome constant text :=
    edge.idempotency_begin(idempotency_take.key, idempotency_take.request_hash) ->> 'outcome';
begin
  if outcome = 'mismatch' then
    raise exception using errcode = 'OR409', message = 'idempotency_mismatch';
  elsif outcome = 'in_progress' then
    raise exception using errcode = 'OR409', message = 'idempotency_in_progress', detail = '{"retry_after_s": 1}';
  elsif outcome = 'replayed' then
    raise exception using errcode = 'OR200', message = 'idempotency_replayed';
  end if;
end
$$;
