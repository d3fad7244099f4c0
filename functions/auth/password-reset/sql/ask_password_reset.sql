-- Writes a letter with a link to choose a new password, to an address that has an account.
--
-- Returns the letter for the outbox, always. The work is always the same too, so that neither the answer nor its time tells who has an
-- account: for an address without account, or beyond the limit on letters (`edge.issue_token`), the letter is addressed to
-- nobody (`edge.mail`). An address whose account is closed gets its link too, in a letter that says so and until when the
-- account can be opened again: whoever reads mail there is its owner, and nobody else learns it. The link is good for an hour. `token_hash` is of the token in `link`.
create or replace function edge.ask_password_reset(email text, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
  is_granted boolean;
begin
  select u.* into person
  from public.users u
  where lower(u.email) = lower(btrim(ask_password_reset.email)) and coalesce(edge.erased_at(u) > edge.now(), true);
  is_granted := edge.issue_token(
    person.id, 'password_reset', ask_password_reset.email, ask_password_reset.token_hash, interval '1 hour');
  perform edge.audit_as(person.id, 'auth.password_reset_asked', '{}');
  return jsonb_build_array(edge.mail(
    person.id, case when not is_granted then 'nobody' when person.deleted_at is null then 'password_reset'
      else 'password_reset_closed' end,
    ask_password_reset.email, coalesce(person.locale, 'fr'), ask_password_reset.link,
    edge.day_to_tell(person, edge.erased_at(person))));
end
$$;

grant execute on function edge.ask_password_reset(text, text, text) to anon;
