-- Opens an account as `edge.register` does, and writes the letter that verifies its address.
--
-- Outcomes: those of `edge.register`, each with {outbox}: the letter. Raises as it does. Where addresses are verified first, the
-- owner of a known address learns by the letter that somebody tried to register it; the owner of a closed one, that it is
-- closed, until when it can be opened again, and how. The link is good for 24 hours.
--
-- `token_hash` is of the token in `link`. `device_hash` is of the browser's cookie (`edge.device_source`), which a new
-- account knows from then on; null where the browser keeps none. `idempotency_key`, null for none, is known with the account for
-- a day: the same registration under it, by which somebody repeats what had no answer, is `created` again with `replayed`, a
-- session of its own and no letter. The password tells that it is the same. The other arguments are those of `edge.register`.
create or replace function edge.sign_up(
  email text, password text, refresh_hash text, token_hash text, link text,
  name text default null, locale text default 'fr', time_zone text default 'Europe/Paris', device text default null,
  device_hash text default null, idempotency_key text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
  known uuid;
  result jsonb;
  is_granted boolean;
begin
  select u.* into person from public.users u where lower(u.email) = lower(btrim(sign_up.email));
  known := person.id;
  if exists (
      select from public.idempotency_keys k
      where k.user_id = known and k.operation = edge.claim('operation') and k.key = sign_up.idempotency_key
        and k.expires_at > edge.now())
    and edge.can_sign_in(person) and edge.password_matches(sign_up.password, person.password_hash)
  then
    return jsonb_build_object('outcome', 'created', 'replayed', true, 'person', edge.person_json(person),
      'session', edge.open_session(known, sign_up.refresh_hash, sign_up.device), 'outbox', '[]'::jsonb);
  end if;
  result := edge.register(
    email => sign_up.email, password => sign_up.password, refresh_hash => sign_up.refresh_hash, name => sign_up.name,
    locale => sign_up.locale, time_zone => sign_up.time_zone, device => sign_up.device);
  select u.* into person from public.users u where lower(u.email) = lower(btrim(sign_up.email));
  if result ->> 'outcome' = 'created' then
    perform edge.remember_source(person.id, edge.device_source(sign_up.device_hash));
    if sign_up.idempotency_key is not null then
      insert into public.idempotency_keys (user_id, operation, key, request_hash, subject)
      values (person.id, edge.claim('operation'), sign_up.idempotency_key, 'by password', person.id);
    end if;
  end if;
  is_granted := edge.issue_token(
    case when coalesce(edge.erased_at(person) > edge.now(), true) then person.id end, 'email_verification', person.email, sign_up.token_hash,
    interval '24 hours');
  return result || jsonb_build_object('outbox', jsonb_build_array(edge.mail(
    person.id,
    case when not is_granted then 'nobody' when known is null then 'email_verification'
      when person.deleted_at is not null then 'account_closed' else 'address_known' end,
    person.email, person.locale, sign_up.link, edge.day_to_tell(person, edge.erased_at(person)))));
end
$$;

grant execute on function edge.sign_up(text, text, text, text, text, text, text, text, text, text, text) to anon;
