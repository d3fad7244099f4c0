-- Writes a letter into the outbox, for the current request to send; returns the object `outbox`.
--
-- `outbox` is {id, kind, payload}: claimed by this request for one minute, to be sent now and settled
-- (`edge.outbox_settle`). `template` names the letter's words, `locale` their language; `link` is the link in the letter,
-- `about` a name or a day that its words put in the place of `{about}`.
--
-- A letter holds what no other message holds: an address and often a link that is as good as a password. These stand in a
-- column of their own, `outbox.sealed`. The sender gets them with the payload, who looks into the outbox does not, and they
-- are forgotten as soon as the letter has arrived or is given up.
--
-- The template `nobody` is sent to no one: it makes asking for a letter cost the same whether or not there is anybody to
-- write to.
create or replace function edge.mail(
  person uuid, template text, recipient text, locale text, link text default null, about text default null
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  insert into public.outbox (user_id, kind, payload, sealed, attempts, next_attempt_at, claimed_by)
  values (mail.person, 'mail', jsonb_build_object('template', mail.template),
    jsonb_strip_nulls(jsonb_build_object('to', mail.recipient, 'locale', mail.locale, 'link', mail.link, 'about', mail.about)),
    1, edge.now() + interval '1 minute', edge.claim('request_id'))
  returning jsonb_build_object('id', id, 'kind', kind, 'payload', payload || sealed)
$$;
