-- Sets a new password by the link in a letter, once, and ends every session of the account.
--
-- Returns the letter that says so, for the outbox. Raises `OR410 link_invalid`. Whoever had the old password is out, and earlier links to
-- choose a password or to change the address open nothing any more. Reading the letter also proves the address, so the
-- address is verified and its failed sign-ins are forgotten. A closed account stays closed: signing in opens it again
-- (`edge.login`). `password` is what `edge.login` describes.
create or replace function edge.reset_password(token_hash text, password text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  proof public.user_tokens;
  person public.users;
begin
  -- The person is locked before the link, as everywhere (`edge.revoke_sessions`).
  perform from public.users u
  where u.id = (select t.user_id from public.user_tokens t where t.hash = reset_password.token_hash)
  for no key update;
  select t.* into proof
  from public.user_tokens t
  where t.hash = reset_password.token_hash and t.purpose = 'password_reset' and t.used_at is null
    and t.expires_at > edge.now()
  for update;
  update public.users u
  set password_hash = edge.bcrypt_hash(reset_password.password),
    password_is_legacy = false,
    email_verified_at = coalesce(u.email_verified_at, edge.now())
  where u.id = proof.user_id and coalesce(edge.erased_at(u) > edge.now(), true) and lower(u.email) = proof.email
  returning u.* into person;
  if person.id is null then
    raise exception using errcode = 'OR410', message = 'link_invalid';
  end if;

  perform edge.spend_tokens(person.id, array['password_reset', 'email_change']);
  -- In the order in which failures are counted (`edge.count_login_failure`).
  perform from public.login_failures f
  where f.email_hash = edge.address_hash(person.email)
  order by f.ip = '*', f.ip
  for update;
  delete from public.login_failures f where f.email_hash = edge.address_hash(person.email);
  perform edge.audit_as(person.id, 'auth.password_reset',
    jsonb_build_object('sessions', edge.revoke_sessions(person.id, 'password')));
  return jsonb_build_array(edge.mail(person.id, 'password_changed', person.email, person.locale));
end
$$;

grant execute on function edge.reset_password(text, text) to anon;
