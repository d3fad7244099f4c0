-- Opens an account for somebody else; for administrators.
--
-- Its person chooses the password by the link in the letter, within seven days, so nobody else ever knows it. The letter is
-- not held to the limit of `edge.issue_token`, which strangers can use up.
--
-- `details` is {email, name, phone, country, locale, time_zone, role, tier}, all but the first optional; `token_hash` is of
-- the token in `link`. Returns {person, outbox}. Raises `OR409 email_taken`, `OR403 forbidden` for everybody but
-- administrators, and a violated check of `users` with its constraint.
create or replace function edge.create_account(details jsonb, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  nobody constant text := '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny';
  person public.users;
begin
  perform edge.require_role(array['admin']);
  insert into public.users (email, password_hash, name, phone, country, locale, time_zone, role, tier)
  values (lower(btrim(details ->> 'email')), nobody, details ->> 'name', details ->> 'phone', details ->> 'country',
    coalesce(details ->> 'locale', 'fr'), coalesce(details ->> 'time_zone', 'Europe/Paris'),
    coalesce(details ->> 'role', 'user'), coalesce(details ->> 'tier', 'FREE'))
  on conflict (lower(email)) do nothing
  returning * into person;
  if person.id is null then
    raise exception using errcode = 'OR409', message = 'email_taken';
  end if;
  perform edge.audit('accounts.created', jsonb_build_object('subject', person.id));
  perform edge.keep_token(person.id, 'password_reset', person.email, create_account.token_hash, interval '7 days');
  return jsonb_build_object('person', edge.account_json(person),
    'outbox', jsonb_build_array(edge.mail(person.id, 'invitation', person.email, person.locale, create_account.link)));
end
$$;

grant execute on function edge.create_account(jsonb, text, text) to authenticated;
