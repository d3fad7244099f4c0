-- Asks a new e-mail address of the person of this request to prove itself, and tells the old address.
--
-- The account keeps its address until the link in the letter is opened (`edge.verify_email`), within 24 hours; links that
-- were sent for an earlier change open nothing any more. Outcomes: `ok` {outbox}, the same whether or not the new address
-- has an account; `nothing_to_change`; `enough_letters`, and the links that were sent stay good; `wrong_password`, `locked` {retry_after_s}
-- as `edge.refuse_password` has them. Where the address has an account, the letter is addressed to nobody (`edge.mail`), and
-- the request counts like any other (`edge.issue_token`). `token_hash` is of the token in `link`.
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
    return jsonb_build_object('outcome', 'nothing_to_change', 'field', 'email');
  elsif not edge.issue_token(
    person.id, 'email_change', address, ask_email_change.token_hash, interval '24 hours', opens => not is_taken)
  then
    return jsonb_build_object('outcome', 'enough_letters', 'retry_after_s', 3600);
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

grant execute on function edge.ask_email_change(text, text, text, text) to authenticated;
