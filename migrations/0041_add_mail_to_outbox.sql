-- Letters travel by the outbox. They hold what no other message holds, an address and often a link that is as good as a
-- password. These stand in a column of their own, `sealed`: the sender gets them with the payload, who looks into the
-- outbox does not, and they are forgotten as soon as the letter has arrived or is given up.
--
-- The request that caused a row may settle it, signed in or not: asking for a new password is done by nobody in
-- particular. Which kinds there are is the sender's knowledge; it gives up what it does not know.

alter table public.outbox
  drop constraint outbox_kind_check,
  add constraint outbox_kind_shape check (kind ~ '^[a-z][a-z_]{0,31}$'),
  add column sealed jsonb check (jsonb_typeof(sealed) = 'object' and octet_length(sealed::text) <= 16384);

set role edge_owner;

-- A letter to be sent by the current request. `nobody` as template is sent to no one: it makes asking for a letter cost
-- the same whether or not there is anybody to write to.
create function edge.mail(person uuid, template text, recipient text, locale text, link text default null) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  insert into public.outbox (user_id, kind, payload, sealed, attempts, next_attempt_at, claimed_by)
  values (mail.person, 'mail', jsonb_build_object('template', mail.template),
    jsonb_strip_nulls(jsonb_build_object('to', mail.recipient, 'locale', mail.locale, 'link', mail.link)),
    1, edge.now() + interval '1 minute', edge.claim('request_id'))
  returning jsonb_build_object('id', id, 'kind', kind, 'payload', payload || sealed)
$$;

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

create or replace function edge.outbox_claim_one(id bigint, worker text default null)
returns table (id bigint, kind text, payload jsonb, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  update public.outbox o
  set attempts = o.attempts + 1, next_attempt_at = edge.now() + interval '1 minute', claimed_by = outbox_claim_one.worker
  where o.id = outbox_claim_one.id and o.attempts < 8 and o.next_attempt_at <= edge.now()
    and o.delivered_at is null and o.dead_at is null
  returning o.id, o.kind, o.payload || coalesce(o.sealed, '{}'), o.attempts
$$;

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

grant execute on function edge.outbox_settle(bigint, text, integer, text, integer, integer) to anon;

reset role;
