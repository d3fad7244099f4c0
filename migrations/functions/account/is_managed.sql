-- Tells whether an organisation has a manager who can sign in; the person `without` does not count.
create or replace function edge.is_managed(organisation uuid, without uuid default null) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.organisation_members m join public.users u on u.id = m.user_id
    where m.organisation_id = is_managed.organisation and m.role = 'manager' and edge.can_sign_in(u)
      and m.user_id is distinct from is_managed.without)
$$;
