-- Checks the password that the person of this request has typed; null where the password is right.
--
-- Outcomes: `wrong_password`; `locked` {retry_after_s}, in seconds. A failure counts as a failed sign-in, so that whoever
-- has only a session cannot try passwords faster than at the front door. Each session is counted by itself, so that guesses
-- from elsewhere do not keep somebody who is signed in from changing their password. A hash that was imported
-- (`password_is_legacy`) is refused as wrong, for it is of something else than the caller's `password`, which `edge.login`
-- describes.
create or replace function edge.refuse_password(password text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  digest constant text := (select edge.address_hash(u.email) from public.users u where u.id = edge.uid());
  source constant text := 'session ' || edge.session();
  person public.users;
  present public.users;
  wait interval;
begin
  perform edge.await_turn(digest, source, true);
  select u.* into person from public.users u where u.id = edge.uid();
  wait := edge.sign_in_wait(digest, source, true);
  if wait > interval '0' then
    return jsonb_build_object('outcome', 'locked', 'retry_after_s', ceil(extract(epoch from wait))::int);
  elsif person.password_is_legacy or not edge.password_matches(refuse_password.password, person.password_hash) then
    perform edge.count_login_failure(digest, source, true), edge.audit('auth.password_refused');
    return jsonb_build_object('outcome', 'wrong_password');
  end if;
  -- Whoever calls this is about to change the person's row, which is locked before what is theirs.
  select u.* into present from public.users u where u.id = person.id for no key update;
  if present.password_hash <> person.password_hash
    and not edge.bcrypt_matches(refuse_password.password, present.password_hash)
  then
    return jsonb_build_object('outcome', 'wrong_password');
  end if;
  delete from public.login_failures f where f.email_hash = digest and f.ip = source;
  return null;
end
$$;
