-- What the links in letters prove: that somebody reads the mail of an address.
--
-- The caller makes 32 random bytes and puts them into the link; only their SHA-256 is stored. A row also counts: three
-- letters of one purpose per address and hour, and the fourth request writes a row that opens nothing. A request for an
-- address without account writes such a row as well, and so takes as long as any other.

create table public.user_tokens (
  hash text primary key check (octet_length(hash) between 32 and 128),
  -- Null: opens nothing.
  user_id uuid references public.users (id) on delete cascade,
  purpose text not null check (purpose in ('email_verification', 'email_change', 'password_reset')),
  -- The address that the link went to; null where it went to none.
  email text check (octet_length(email) <= 254),
  email_hash text not null check (octet_length(email_hash) = 64),
  used_at timestamptz,
  created_at timestamptz not null default edge.now(),
  expires_at timestamptz not null
);

create index user_tokens_user_idx on public.user_tokens (user_id);
create index user_tokens_address_idx on public.user_tokens (email_hash, purpose, created_at);
create index user_tokens_expires_idx on public.user_tokens (expires_at);

alter table public.user_tokens enable row level security;
revoke all on public.user_tokens from public, anon, authenticated;
grant select, insert, update, delete on public.user_tokens to edge_owner;
create policy user_tokens_edge_owner on public.user_tokens for all to edge_owner using (true) with check (true);

set role edge_owner;

-- Stores a token; true where it opens something.
create function edge.issue_token(person uuid, purpose text, email text, hash text, lifetime interval) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  address constant text := lower(btrim(issue_token.email));
  letters constant integer := (
    select count(*) from public.user_tokens t
    where t.email_hash = edge.address_hash(address) and t.purpose = issue_token.purpose
      and t.created_at > edge.now() - interval '1 hour');
  opens constant boolean := issue_token.person is not null and letters < 3;
begin
  insert into public.user_tokens (hash, user_id, purpose, email, email_hash, expires_at)
  values (issue_token.hash, case when opens then issue_token.person end, issue_token.purpose,
    case when opens then address end, edge.address_hash(address), edge.now() + issue_token.lifetime);
  return opens;
end
$$;

-- Spends a person's tokens of these purposes.
create function edge.spend_tokens(person uuid, purposes text[]) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.user_tokens t
  set used_at = edge.now()
  where t.user_id = spend_tokens.person and t.purpose = any (spend_tokens.purposes) and t.used_at is null
$$;

create function edge.revoke_sessions(person uuid, because text, except_session uuid default null) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ended integer;
begin
  update public.user_sessions s
  set revoked_at = edge.now(), revoked_because = revoke_sessions.because
  where s.user_id = revoke_sessions.person and s.revoked_at is null
    and s.id is distinct from revoke_sessions.except_session;
  get diagnostics ended = row_count;
  return ended;
end
$$;

-- `edge.register`, and the letter that goes with it. Outcomes are those of `edge.register`, with `outbox`. Where
-- addresses are verified first, the owner of a known address learns that somebody tried.
create function edge.sign_up(
  email text, password text, refresh_hash text, token_hash text, link text,
  name text default null, locale text default 'fr', time_zone text default 'Europe/Paris', device text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known constant uuid := (select u.id from public.users u where lower(u.email) = lower(btrim(sign_up.email)));
  result constant jsonb := edge.register(
    email => sign_up.email, password => sign_up.password, refresh_hash => sign_up.refresh_hash, name => sign_up.name,
    locale => sign_up.locale, time_zone => sign_up.time_zone, device => sign_up.device);
  person public.users;
  is_granted boolean;
begin
  if result ->> 'outcome' = 'email_taken' then
    return result || jsonb_build_object('outbox', '[]'::jsonb);
  end if;
  select u.* into person from public.users u where lower(u.email) = lower(btrim(sign_up.email));
  is_granted := edge.issue_token(
    case when person.deleted_at is null then person.id end, 'email_verification', person.email, sign_up.token_hash,
    interval '24 hours');
  return result || jsonb_build_object('outbox', jsonb_build_array(edge.mail(
    person.id,
    case when not is_granted then 'nobody' when known is null then 'email_verification' else 'address_known' end,
    person.email, person.locale, sign_up.link)));
end
$$;

-- Another letter to verify the address of the person of this request. Outcomes: `ok` {outbox}; `verified`; `limited`.
create function edge.resend_verification(token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
begin
  select u.* into person from public.users u where u.id = edge.uid();
  if person.email_verified_at is not null then
    return jsonb_build_object('outcome', 'verified');
  elsif not edge.issue_token(
    person.id, 'email_verification', person.email, resend_verification.token_hash, interval '24 hours')
  then
    return jsonb_build_object('outcome', 'limited');
  end if;
  return jsonb_build_object('outcome', 'ok', 'outbox', jsonb_build_array(
    edge.mail(person.id, 'email_verification', person.email, person.locale, resend_verification.link)));
end
$$;

-- Verifies the address that the link went to, and where the link was for a change of address, moves the account there.
-- Outcomes: `ok` {outbox}, also when repeated; `invalid`; `email_taken`.
create function edge.verify_email(token_hash text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  proof public.user_tokens;
  person public.users;
  letters jsonb := '[]';
begin
  select t.* into proof
  from public.user_tokens t
  where t.hash = verify_email.token_hash and t.purpose in ('email_verification', 'email_change')
    and t.expires_at > edge.now()
  for update;
  select u.* into person from public.users u where u.id = proof.user_id and u.deleted_at is null for update;
  if person.id is null then
    return jsonb_build_object('outcome', 'invalid');
  elsif lower(person.email) = proof.email and person.email_verified_at is not null then
    return jsonb_build_object('outcome', 'ok', 'outbox', letters);
  elsif proof.used_at is not null or (proof.purpose = 'email_verification' and lower(person.email) <> proof.email) then
    return jsonb_build_object('outcome', 'invalid');
  end if;

  begin
    update public.users u set email = proof.email, email_verified_at = edge.now() where u.id = person.id;
  exception when unique_violation then
    return jsonb_build_object('outcome', 'email_taken');
  end;
  if proof.purpose = 'email_change' then
    -- Links that went to the old address must open nothing any more.
    perform edge.spend_tokens(person.id, array['email_verification', 'email_change', 'password_reset']);
    letters := jsonb_build_array(edge.mail(person.id, 'email_changed', proof.email, person.locale));
  end if;
  update public.user_tokens t set used_at = edge.now() where t.hash = proof.hash;
  perform edge.audit_as(person.id,
    case proof.purpose when 'email_change' then 'auth.email_changed' else 'auth.email_verified' end, '{}');
  return jsonb_build_object('outcome', 'ok', 'outbox', letters);
end
$$;

-- A letter with a link to choose a new password, to an address that has an account. The outcome is always `ok`
-- {outbox}, and so is the work.
create function edge.ask_password_reset(email text, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
  is_granted boolean;
begin
  select u.* into person
  from public.users u
  where lower(u.email) = lower(btrim(ask_password_reset.email)) and u.deleted_at is null;
  is_granted := edge.issue_token(
    person.id, 'password_reset', ask_password_reset.email, ask_password_reset.token_hash, interval '1 hour');
  perform edge.audit_as(person.id, 'auth.password_reset_asked', '{}');
  return jsonb_build_object('outcome', 'ok', 'outbox', jsonb_build_array(edge.mail(
    person.id, case when is_granted then 'password_reset' else 'nobody' end,
    ask_password_reset.email, coalesce(person.locale, 'fr'), ask_password_reset.link)));
end
$$;

-- Sets a new password by the link, once, and ends every session: whoever had the old one is out. Reading the letter
-- also proves the address. Outcomes: `ok` {outbox}; `invalid`.
create function edge.reset_password(token_hash text, password text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  proof public.user_tokens;
  person public.users;
begin
  select t.* into proof
  from public.user_tokens t
  where t.hash = reset_password.token_hash and t.purpose = 'password_reset' and t.used_at is null
    and t.expires_at > edge.now()
  for update;
  update public.users u
  set password_hash = edge.bcrypt_hash(reset_password.password),
    password_is_legacy = false,
    email_verified_at = coalesce(u.email_verified_at, edge.now())
  where u.id = proof.user_id and u.deleted_at is null and lower(u.email) = proof.email
  returning u.* into person;
  if person.id is null then
    return jsonb_build_object('outcome', 'invalid');
  end if;

  perform edge.spend_tokens(person.id, array['password_reset', 'email_change']);
  delete from public.login_failures f where f.email_hash = edge.address_hash(person.email);
  perform edge.audit_as(person.id, 'auth.password_reset',
    jsonb_build_object('sessions', edge.revoke_sessions(person.id, 'password')));
  return jsonb_build_object('outcome', 'ok', 'outbox', jsonb_build_array(
    edge.mail(person.id, 'password_changed', person.email, person.locale)));
end
$$;

-- Whether the person of this request typed their own password. Null if so, else `wrong_password` or `locked`
-- {retry_after_s}: who has only a session cannot try passwords faster than at the front door.
create function edge.refuse_password(password text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  source constant text := coalesce(edge.claim('ip'), '');
  person public.users;
  wait interval;
begin
  select u.* into person from public.users u where u.id = edge.uid();
  wait := edge.sign_in_wait(edge.address_hash(person.email), source, person.id);
  if wait > interval '0' then
    return jsonb_build_object('outcome', 'locked', 'retry_after_s', ceil(extract(epoch from wait))::int);
  elsif person.password_is_legacy or not edge.bcrypt_matches(refuse_password.password, person.password_hash) then
    perform edge.count_login_failure(edge.address_hash(person.email), source), edge.audit('auth.password_refused');
    return jsonb_build_object('outcome', 'wrong_password');
  end if;
  return null;
end
$$;

-- Outcomes: `ok` {outbox}; those of `edge.refuse_password`. Every other session ends.
create function edge.change_password(password text, new_password text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  refusal constant jsonb := edge.refuse_password(change_password.password);
  person public.users;
begin
  if refusal is not null then
    return refusal;
  end if;
  update public.users u
  set password_hash = edge.bcrypt_hash(change_password.new_password)
  where u.id = edge.uid()
  returning u.* into person;
  perform edge.spend_tokens(person.id, array['password_reset', 'email_change']);
  perform edge.audit('auth.password_changed',
    jsonb_build_object('sessions', edge.revoke_sessions(person.id, 'password', edge.session())));
  return jsonb_build_object('outcome', 'ok', 'outbox', jsonb_build_array(
    edge.mail(person.id, 'password_changed', person.email, person.locale)));
end
$$;

-- Asks the new address to prove itself and tells the old one; nothing changes before the proof. Outcomes: `ok` {outbox},
-- the same whether or not the new address has an account; `unchanged`; those of `edge.refuse_password`.
create function edge.ask_email_change(email text, password text, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  refusal constant jsonb := edge.refuse_password(ask_email_change.password);
  address constant text := lower(btrim(ask_email_change.email));
  is_taken constant boolean := exists (select from public.users u where lower(u.email) = address);
  person public.users;
  is_granted boolean;
begin
  if refusal is not null then
    return refusal;
  end if;
  select u.* into person from public.users u where u.id = edge.uid();
  if lower(person.email) = address then
    return jsonb_build_object('outcome', 'unchanged');
  end if;
  perform edge.spend_tokens(person.id, array['email_change']);
  is_granted := edge.issue_token(
    case when not is_taken then person.id end, 'email_change', address, ask_email_change.token_hash,
    interval '24 hours');
  perform edge.audit('auth.email_change_asked');
  return jsonb_build_object('outcome', 'ok', 'outbox', jsonb_build_array(
    edge.mail(person.id, case when is_granted then 'email_change' else 'nobody' end, address, person.locale,
      ask_email_change.link),
    edge.mail(person.id, 'email_changing', person.email, person.locale)));
end
$$;

grant execute on function
  edge.sign_up(text, text, text, text, text, text, text, text, text),
  edge.verify_email(text),
  edge.ask_password_reset(text, text, text),
  edge.reset_password(text, text)
  to anon;
grant execute on function
  edge.resend_verification(text, text),
  edge.change_password(text, text),
  edge.ask_email_change(text, text, text, text)
  to authenticated;

reset role;
