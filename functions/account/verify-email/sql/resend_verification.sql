-- Writes another letter with a link that verifies the address of the person of this request.
--
-- Returns the letter for the outbox. Raises `OR409 email_verified`, where there is nothing to verify, and `OR429 enough_letters`
-- (`edge.issue_token`). The link is good for 24 hours. `token_hash` is of the token in `link`.
create or replace function edge.resend_verification(token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
begin
  select u.* into person from public.users u where u.id = edge.uid();
  if person.email_verified_at is not null then
    raise exception using errcode = 'OR409', message = 'email_verified';
  elsif not edge.issue_token(
    person.id, 'email_verification', person.email, resend_verification.token_hash, interval '24 hours')
  then
    raise exception using errcode = 'OR429', message = 'enough_letters', detail = '{"retry_after_s": 3600}';
  end if;
  return jsonb_build_array(
    edge.mail(person.id, 'email_verification', person.email, person.locale, resend_verification.link));
end
$$;

grant execute on function edge.resend_verification(text, text) to authenticated;
