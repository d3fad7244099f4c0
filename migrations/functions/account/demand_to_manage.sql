-- Refuses a person one more organisation to manage than their tier allows; raises as `edge.demand`.
--
-- Managing one more organisation is what a tier allows (the setting `organisations_managed`), however somebody comes to it:
-- by founding it, by an invitation or by being made a manager. Only who inherits an organisation (`edge.hand_over`) is not
-- asked.
create or replace function edge.demand_to_manage(person uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  -- Two organisations at once are counted one after the other.
  perform from public.users u where u.id = demand_to_manage.person for no key update;
  perform edge.demand('organisations_managed', 1 + (
    select count(*)::int from public.organisation_members m
    where m.user_id = demand_to_manage.person and m.role = 'manager'), demand_to_manage.person);
end
$$;
