-- Verifies the address that a link went to, and where the link was for a change of address moves the account there.
--
-- Returns the letters for the outbox, none when repeated. Raises `OR410 link_invalid` and `OR409 email_taken`. After a change of
-- address every other link that was sent to the account opens nothing any more, and the new address gets a letter that says so.
create or replace function edge.verify_email(token_hash text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  proof public.user_tokens;
  person public.users;
  letters jsonb := '[]';
begin
  -- The person is locked before the link, as everywhere (`edge.revoke_sessions`).
  perform from public.users u
  where u.id = (select t.user_id from public.user_tokens t where t.hash = verify_email.token_hash)
  for no key update;
  select t.* into proof
  from public.user_tokens t
  where t.hash = verify_email.token_hash and t.purpose in ('email_verification', 'email_change')
    and t.expires_at > edge.now()
  for update;
  select u.* into person from public.users u where u.id = proof.user_id and u.deleted_at is null;
  if person.id is null then
    raise exception using errcode = 'OR410', message = 'link_invalid';
  elsif lower(person.email) = proof.email and person.email_verified_at is not null then
    return letters;
  elsif proof.used_at is not null or (proof.purpose = 'email_verification' and lower(person.email) <> proof.email) then
    raise exception using errcode = 'OR410', message = 'link_invalid';
  end if;

  begin
    update public.users u set email = proof.email, email_verified_at = edge.now() where u.id = person.id;
  exception when unique_violation then
    raise exception using errcode = 'OR409', message = 'email_taken';
  end;
  if proof.purpose = 'email_change' then
    -- Links that went to the old address must open nothing any more.
    perform edge.spend_tokens(person.id, array['email_verification', 'email_change', 'password_reset']);
    letters := jsonb_build_array(edge.mail(person.id, 'email_changed', proof.email, person.locale));
  end if;
  update public.user_tokens t set used_at = edge.now() where t.hash = proof.hash;
  perform edge.audit_as(person.id,
    case proof.purpose when 'email_change' then 'auth.email_changed' else 'auth.email_verified' end, '{}');
  return letters;
end
$$;

grant execute on function edge.verify_email(text) to anon;
