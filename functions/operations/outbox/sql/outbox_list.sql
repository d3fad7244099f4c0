-- Lists the messages of the outbox, latest first, without their payloads; for administrators.
--
-- At most `max` rows, before the message `before` (null for the latest), in the state `wanted`: `waiting`, `delivered` or
-- `dead` (null for any). No payload is in a list; `edge.outbox_read` shows it, and writes so to the audit log.
-- `next_attempt_at` is null where a message has come to an end. Raises `OR403 forbidden`.
create or replace function edge.outbox_list(wanted text, before bigint, max integer)
returns table (
  id bigint, kind text, subject text, state text, attempts integer, last_error text, next_attempt_at timestamptz,
  created_at timestamptz, delivered_at timestamptz, dead_at timestamptz
)
language plpgsql stable security definer set search_path = ''
as $$
#variable_conflict use_column
begin
  perform edge.require_role(array['admin']);
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

grant execute on function edge.outbox_list(text, bigint, integer) to authenticated;
