-- The state of a message in the outbox: `waiting`, `delivered` or `dead`, which is given up.
create or replace function edge.outbox_state(entry public.outbox) returns text
language sql immutable
return case when entry.delivered_at is not null then 'delivered' when entry.dead_at is not null then 'dead' else 'waiting' end;
