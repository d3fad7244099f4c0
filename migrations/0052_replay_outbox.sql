-- The team looks into the outbox, and sends once more what was given up.
--
-- A list shows no payload: it holds people's words. Reading one message is written to the audit log.

set role edge_owner;

create function edge.outbox_state(entry public.outbox) returns text
language sql immutable
return case when entry.delivered_at is not null then 'delivered' when entry.dead_at is not null then 'dead' else 'waiting' end;

create function edge.outbox_list(wanted text, before bigint, max integer)
returns table (
  id bigint, kind text, subject text, state text, attempts integer, last_error text, next_attempt_at timestamptz,
  created_at timestamptz, delivered_at timestamptz, dead_at timestamptz
)
language plpgsql stable security definer set search_path = ''
as $$
#variable_conflict use_column
begin
  if edge.role() <> 'admin' then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  return query
  select o.id, o.kind, o.subject, edge.outbox_state(o), o.attempts, o.last_error,
    case when edge.outbox_state(o) = 'waiting' then o.next_attempt_at end, o.created_at, o.delivered_at, o.dead_at
  from public.outbox o
  where (outbox_list.wanted is null or edge.outbox_state(o) = outbox_list.wanted)
    and (outbox_list.before is null or o.id < outbox_list.before)
  order by o.id desc
  limit outbox_list.max;
end
$$;

-- One message with every attempt to deliver it; null when there is none.
create function edge.outbox_read(id bigint) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept public.outbox;
begin
  if edge.role() <> 'admin' then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  select o.* into kept from public.outbox o where o.id = outbox_read.id;
  if kept.id is null then
    return null;
  end if;
  perform edge.audit('outbox.read', jsonb_build_object('outbox', kept.id, 'user_id', kept.user_id));
  return jsonb_build_object('id', kept.id, 'kind', kept.kind, 'subject', kept.subject, 'state', edge.outbox_state(kept),
    'attempts', kept.attempts, 'last_error', kept.last_error, 'created_at', kept.created_at,
    'delivered_at', kept.delivered_at, 'dead_at', kept.dead_at, 'payload', kept.payload,
    'deliveries', coalesce((
      select jsonb_agg(jsonb_build_object('attempt', d.attempt, 'outcome', d.outcome, 'http_status', d.http_status,
        'error', d.error, 'duration_ms', d.duration_ms, 'created_at', d.created_at) order by d.id)
      from public.outbox_deliveries d
      where d.outbox_id = kept.id), '[]'));
end
$$;

-- Gives a dead message its attempts back: it is sent at the next run of `operations-reconcile-jobs`.
create function edge.outbox_replay(id bigint) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept public.outbox;
begin
  if edge.role() <> 'admin' then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  select o.* into kept from public.outbox o where o.id = outbox_replay.id for update;
  if kept.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif kept.dead_at is null then
    return jsonb_build_object('outcome', 'conflict');
  end if;
  update public.outbox o
  set dead_at = null, attempts = 0, next_attempt_at = edge.now(), claimed_by = null
  where o.id = kept.id;
  perform edge.audit('outbox.replayed', jsonb_build_object('outbox', kept.id));
  return jsonb_build_object('outcome', 'replayed');
end
$$;

grant execute on function
  edge.outbox_list(text, bigint, integer), edge.outbox_read(bigint), edge.outbox_replay(bigint)
  to authenticated;

reset role;
