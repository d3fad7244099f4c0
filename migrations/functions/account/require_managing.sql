-- Refuses a person one more organisation to manage than their tier allows; raises as `edge.require_entitlement`.
--
-- Managing one more organisation is what a tier allows (the setting `organisations_managed`), however somebody comes to it:
-- by founding it, by an invitation or by being made a manager. Only who inherits an organisation (`edge.hand_over`) is not
-- asked.
create or replace function edge.require_managing(person uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  -- Two organisations at once are counted one after the other.
  perform from public.users u where u.id = require_managing.person for no key update;
  perform edge.require_entitlement('organisations_managed', 1 + (
    select count(*)::int from public.organisation_members m
    where m.user_id = require_managing.person and m.role = 'manager'), require_managing.person);
end
$$;
