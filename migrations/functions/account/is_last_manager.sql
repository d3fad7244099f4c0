-- Tells whether an organisation would be without a manager who can sign in, if a given manager were none.
--
-- It is false for a person who does not manage the organisation.
create or replace function edge.is_last_manager(organisation uuid, person uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
      select from public.organisation_members m
      where m.organisation_id = is_last_manager.organisation and m.user_id = is_last_manager.person and m.role = 'manager')
    and not edge.is_managed(is_last_manager.organisation, without => is_last_manager.person)
$$;
