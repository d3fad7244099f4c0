-- Takes an address that nobody has any more out of what is kept by addresses and not by people.
--
-- These are invitations that organisations sent there and letters on their way there, whoever caused them; and links and failed
-- sign-ins, which are kept by a hash of the address. The law `an_erased_person_is_nowhere` looks through every table.
create or replace function edge.forget_address(email text) returns void
language sql volatile security definer set search_path = ''
as $$
  delete from public.organisation_invitations i where i.email = lower(forget_address.email);
  delete from public.outbox o where o.kind = 'mail' and lower(o.sealed ->> 'to') = lower(forget_address.email);
  delete from public.user_tokens t
  where t.email_hash = edge.address_hash(forget_address.email) or t.email = lower(forget_address.email);
  delete from public.login_failures f where f.email_hash = edge.address_hash(forget_address.email)
$$;
