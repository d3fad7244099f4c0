-- Changes the password of the person of this request, who proves that they know the present one.
--
-- Outcomes: `ok` {outbox}, with a letter that says so; `wrong_password`, `locked` {retry_after_s} as `edge.refuse_password`
-- has them. Every other session ends, and links to choose a password or to change the address open nothing any more.
-- `password` and `new_password` are what `edge.login` describes.
create or replace function edge.change_password(password text, new_password text) returns jsonb
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

grant execute on function edge.change_password(text, text) to authenticated;
