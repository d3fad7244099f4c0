-- Claims messages of the outbox that are due, oldest first, for one minute.
--
-- What must reach the outside world is written in the transaction that causes it, sent afterwards, and retried until it has
-- arrived or is given up, with a log of every attempt. There is no separate lease: claiming a message counts the attempt and
-- moves `next_attempt_at` one minute ahead, so that a sender that dies is followed by the next one. A message that its own
-- request will send at once is written as claimed. A message whose eighth sender died is given up here.
--
-- `max` is at most 100; `worker` names the sender. Each row is {id, kind, payload, attempt}; the payload of a letter holds
-- its address and link too (`edge.mail`). Which kinds there are is the sender's knowledge: it gives up what it does not
-- know.
create or replace function edge.outbox_claim(max integer default 20, worker text default null)
returns table (id bigint, kind text, payload jsonb, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  with due as (
    select o.id
    from public.outbox o
    where o.delivered_at is null and o.dead_at is null and o.next_attempt_at <= edge.now()
    order by o.next_attempt_at, o.id
    limit least(outbox_claim.max, 100)
    for update skip locked
  ),
  claimed as (
    update public.outbox o
    set attempts = o.attempts + (o.attempts < 8)::int,
      next_attempt_at = edge.now() + interval '1 minute',
      claimed_by = outbox_claim.worker,
      dead_at = case when o.attempts >= 8 then edge.now() end,
      sealed = case when o.attempts < 8 then o.sealed end
    from due
    where o.id = due.id
    returning o.*
  )
  select c.id, c.kind, c.payload || coalesce(c.sealed, '{}'), c.attempts
  from claimed c
  where c.dead_at is null
  order by c.id
$$;

grant execute on function edge.outbox_claim(integer, text) to service;
