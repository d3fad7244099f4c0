-- Three letters of one purpose per address and hour were counted by requests, and the refused ones counted as well: who
-- went on asking in somebody's name kept the letters from them for ever. Now a request counts for the account that it is
-- about, and only where it was within the limit; ten an hour are the most that an address gets, whoever asks. A stranger
-- who asks for letters to an address uses up their own three.
--
-- A change of e-mail counts, and ends earlier links, whether or not the new address has an account, or the limit would
-- tell which do.

-- Whose letter it was, as far as it counts; null for a request beyond the limit and for one about nobody.
alter table public.user_tokens add column asked_by uuid references public.users (id) on delete cascade;
create index user_tokens_asker_idx on public.user_tokens (asked_by);
update public.user_tokens set asked_by = user_id;

set role edge_owner;

-- Stores a token of `asker`, which opens something where `opens`.
create function edge.keep_token(
  asker uuid, purpose text, email text, hash text, lifetime interval, opens boolean default true
) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.user_tokens (hash, asked_by, user_id, purpose, email, email_hash, expires_at)
  values (keep_token.hash, keep_token.asker, case when opens then keep_token.asker end, keep_token.purpose,
    case when opens and keep_token.asker is not null then lower(btrim(keep_token.email)) end,
    edge.address_hash(keep_token.email), edge.now() + keep_token.lifetime)
$$;

-- Stores a token unless `asker` (null for nobody) has asked for enough letters; then a row that opens nothing. True where
-- they have not.
drop function edge.issue_token(uuid, text, text, text, interval);
create function edge.issue_token(
  asker uuid, purpose text, email text, hash text, lifetime interval, opens boolean default true
) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := edge.address_hash(issue_token.email);
  is_granted boolean;
begin
  -- Requests at once are counted one after the other.
  perform pg_advisory_xact_lock(hashtextextended('letters ' || digest, 0));
  select issue_token.asker is not null and count(*) < 10
    and count(*) filter (where t.asked_by = issue_token.asker) < 3
  into is_granted
  from public.user_tokens t
  where t.email_hash = digest and t.purpose = issue_token.purpose and t.asked_by is not null
    and t.created_at > edge.now() - interval '1 hour';
  perform edge.keep_token(case when is_granted then issue_token.asker end, issue_token.purpose, issue_token.email,
    issue_token.hash, issue_token.lifetime, issue_token.opens);
  return is_granted;
end
$$;

-- An administrator's letter is not held to the limit, which strangers can use up.
create or replace function edge.create_account(details jsonb, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  nobody constant text := '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny';
  person public.users;
begin
  if not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  insert into public.users (email, password_hash, name, phone, country, locale, time_zone, role, tier)
  values (lower(btrim(details ->> 'email')), nobody, details ->> 'name', details ->> 'phone', details ->> 'country',
    coalesce(details ->> 'locale', 'fr'), coalesce(details ->> 'time_zone', 'Europe/Paris'),
    coalesce(details ->> 'role', 'user'), coalesce(details ->> 'tier', 'FREE'))
  on conflict (lower(email)) do nothing
  returning * into person;
  if person.id is null then
    return jsonb_build_object('outcome', 'email_taken');
  end if;
  perform edge.audit('accounts.created', jsonb_build_object('subject', person.id));
  perform edge.keep_token(person.id, 'password_reset', person.email, create_account.token_hash, interval '7 days');
  return jsonb_build_object('outcome', 'created', 'person', edge.account_json(person),
    'outbox', jsonb_build_array(edge.mail(person.id, 'invitation', person.email, person.locale, create_account.link)));
end
$$;

-- Asks the new address to prove itself and tells the old one; nothing changes before the proof. Outcomes: `ok` {outbox},
-- the same whether or not the new address has an account; `unchanged`; `limited`, and the links that were sent stay good;
-- those of `edge.refuse_password`.
create or replace function edge.ask_email_change(email text, password text, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  refusal constant jsonb := edge.refuse_password(ask_email_change.password);
  address constant text := lower(btrim(ask_email_change.email));
  is_taken constant boolean := exists (select from public.users u where lower(u.email) = address);
  person public.users;
begin
  if refusal is not null then
    return refusal;
  end if;
  select u.* into person from public.users u where u.id = edge.uid();
  if lower(person.email) = address then
    return jsonb_build_object('outcome', 'unchanged');
  elsif not edge.issue_token(
    person.id, 'email_change', address, ask_email_change.token_hash, interval '24 hours', opens => not is_taken)
  then
    return jsonb_build_object('outcome', 'limited');
  end if;
  update public.user_tokens t
  set used_at = edge.now()
  where t.user_id = person.id and t.purpose = 'email_change' and t.used_at is null
    and t.hash <> ask_email_change.token_hash;
  perform edge.audit('auth.email_change_asked');
  return jsonb_build_object('outcome', 'ok', 'outbox', jsonb_build_array(
    edge.mail(person.id, case when is_taken then 'nobody' else 'email_change' end, address, person.locale,
      ask_email_change.link),
    edge.mail(person.id, 'email_changing', person.email, person.locale)));
end
$$;

reset role;
