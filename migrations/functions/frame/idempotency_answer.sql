-- The answer that is kept under an idempotency key of this person's operation; no row where there is none.
--
-- `body` is null for an answer without one; `headers` are those that tell of what was made, by name.
create or replace function edge.idempotency_answer(
  key text, out status integer, out body json, out headers jsonb
) returns setof record
language sql stable security definer set search_path = ''
as $$
select k.status, k.body, k.headers
from public.idempotency_keys k
where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = idempotency_answer.key
  and k.status is not null;
$$;

grant execute on function edge.idempotency_answer(text) to authenticated;
