-- Writes another letter with a link that verifies the address of the person of this request.
--
-- Outcomes: `ok` {outbox}; `verified`, where there is nothing to verify; `limited` (`edge.issue_token`). The link is good
-- for 24 hours. `token_hash` is of the token in `link`.
create or replace function edge.resend_verification(token_hash text, link text) returns jsonb
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

grant execute on function edge.resend_verification(text, text) to authenticated;
