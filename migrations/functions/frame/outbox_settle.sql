-- Records how an attempt to deliver a message has ended, and when the next one is due.
--
-- `outcome` is `delivered`, `retry` or `dead`, which gives the message up; the eighth `retry` is `dead`. Outcomes:
-- `delivered`; `retry` {next_attempt_at}; `dead`; `unchanged`, where the message has come to an end before; `not_found`.
-- Raises `OR422 outbox_outcome_unknown`.
--
-- The wait before the next attempt is 1 minute, tripled each time up to 12 hours, give or take a fifth, so that messages
-- which failed together do not return together, and never less than the receiver asked for (`retry_after_s`).
--
-- A person settles messages about themselves, and a request the messages that it has caused, signed in or not: asking for a
-- new password is done by nobody in particular. Cron, webhooks and administration settle all. Address and link of a letter
-- are forgotten once it has come to an end.
create or replace function edge.outbox_settle(
  id bigint, outcome text,
  http_status integer default null, error text default null, retry_after_s integer default null,
  duration_ms integer default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  entry public.outbox;
  result text := outbox_settle.outcome;
  wait interval;
begin
  if result not in ('delivered', 'retry', 'dead') then
    raise exception using errcode = 'OR422', message = 'outbox_outcome_unknown';
  end if;
  select o.* into entry
  from public.outbox o
  where o.id = outbox_settle.id
    and (edge.is_service() or o.user_id = edge.uid() or o.claimed_by = edge.claim('request_id'))
  for update;
  if entry.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif entry.delivered_at is not null or entry.dead_at is not null then
    return jsonb_build_object('outcome', 'unchanged');
  end if;

  if result = 'retry' and entry.attempts >= 8 then
    result := 'dead';
  end if;
  wait := make_interval(secs => greatest(
    least(60 * 3 ^ (greatest(entry.attempts, 1) - 1), 43200) * (0.8 + 0.4 * random()), outbox_settle.retry_after_s));

  insert into public.outbox_deliveries (outbox_id, attempt, outcome, http_status, error, duration_ms)
  values (entry.id, entry.attempts, result, outbox_settle.http_status, left(outbox_settle.error, 2000),
    outbox_settle.duration_ms);
  update public.outbox o
  set delivered_at = case when result = 'delivered' then edge.now() end,
    dead_at = case when result = 'dead' then edge.now() end,
    next_attempt_at = case when result = 'retry' then edge.now() + wait else o.next_attempt_at end,
    last_error = case when result = 'delivered' then null else left(outbox_settle.error, 2000) end,
    sealed = case when result = 'retry' then o.sealed end
  where o.id = entry.id
  returning o.* into entry;
  return jsonb_build_object('outcome', result)
    || case when result = 'retry' then jsonb_build_object('next_attempt_at', entry.next_attempt_at) else '{}' end;
end
$$;

grant execute on function edge.outbox_settle(bigint, text, integer, text, integer, integer) to anon, authenticated, service;
