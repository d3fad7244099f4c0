-- Writes a message into the outbox, for the current request to send; null where the same cause has written one before.
--
-- `subject` names the cause and is unique within a kind. The answer is the object `outbox`, {id, kind, payload}: claimed by
-- this request for one minute, to be sent now and settled (`edge.outbox_settle`). `person` is whom the message is about,
-- null for nobody. A payload holds no personal data.
create or replace function edge.outbox_add(person uuid, kind text, subject text, payload jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  insert into public.outbox (user_id, kind, subject, payload, attempts, next_attempt_at, claimed_by)
  values (person, outbox_add.kind, outbox_add.subject, outbox_add.payload, 1, edge.now() + interval '1 minute',
    edge.claim('request_id'))
  on conflict do nothing
  returning jsonb_build_object('id', id, 'kind', kind, 'payload', payload)
$$;
