-- Hands an organisation without a manager who can sign in over to its member who joined first.
--
-- An organisation always has a manager who can sign in, or nobody at all. An erasure is never refused, so the erasure of the
-- last manager hands the organisation over: to the member who joined first of those who can sign in. An organisation where
-- nobody can sign in goes when its last such member is deleted or leaves (`edge.touch_member`); until an erased account is
-- deleted it can be restored, and the organisation with it. Managers who are erased, banned or inactive do not count
-- (`edge.can_sign_in`), and nobody joins what nobody manages. A ban hands nothing over by itself: it may be lifted, and an
-- administrator can name somebody.
--
-- The audit log says who has inherited: `organisations.handed_over`.
create or replace function edge.hand_over(organisation uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  heir uuid;
begin
  if edge.is_managed(hand_over.organisation) then
    return;
  end if;
  select m.user_id into heir
  from public.organisation_members m join public.users u on u.id = m.user_id
  where m.organisation_id = hand_over.organisation and edge.can_sign_in(u)
  order by m.joined_at, m.user_id
  limit 1;
  if heir is not null then
    update public.organisation_members m set role = 'manager'
    where m.organisation_id = hand_over.organisation and m.user_id = heir;
    perform edge.audit_as(heir, 'organisations.handed_over',
      jsonb_build_object('organisation', hand_over.organisation, 'subject', heir));
  end if;
end
$$;
