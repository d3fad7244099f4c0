-- Trigger of `organisation_members`: renews the ETag of the member's account, and settles what becomes of an organisation
-- that is left.
--
-- A person's account shows their organisations, so its ETag must change with them. An organisation that somebody leaves, and
-- in which nobody is left who can sign in, is deleted; one that a manager leaves, and that nobody else manages, is handed
-- over (`edge.hand_over`).
create or replace function edge.touch_member() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.users u set updated_at = edge.now()
  where u.id = case tg_op when 'DELETE' then old.user_id else new.user_id end;
  if tg_op = 'DELETE' then
    delete from public.organisations o
    where o.id = old.organisation_id
      and not exists (
        select from public.organisation_members m join public.users u on u.id = m.user_id
        where m.organisation_id = o.id and edge.can_sign_in(u));
    if not found and old.role = 'manager' then
      perform edge.hand_over(old.organisation_id);
    end if;
  end if;
  return null;
end
$$;
