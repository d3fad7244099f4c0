-- Lets the person of this request leave an organisation, or a manager take somebody else out of it.
--
-- Whoever leaves as the last one who can sign in takes the organisation along (`edge.touch_member`). Raises `OR404 not_found`;
-- `OR409 last_manager`, where others remain who can sign in and nobody of them manages; and as `edge.manage` for somebody else
-- than the person of this request.
create or replace function edge.remove_member(organisation uuid, person uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  others integer;
begin
  if remove_member.person = edge.uid() then
    perform from public.organisations o where o.id = remove_member.organisation for update;
  else
    perform edge.manage(remove_member.organisation, 'organisations.member_removed',
      jsonb_build_object('subject', remove_member.person));
  end if;
  select count(*) into others
  from public.organisation_members m join public.users u on u.id = m.user_id
  where m.organisation_id = remove_member.organisation and m.user_id <> remove_member.person and edge.can_sign_in(u);
  if others > 0 and edge.is_last_manager(remove_member.organisation, remove_member.person) then
    raise exception using errcode = 'OR409', message = 'last_manager';
  end if;
  delete from public.organisation_members m
  where m.organisation_id = remove_member.organisation and m.user_id = remove_member.person;
  if not found then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  perform edge.audit(
    case remove_member.person when edge.uid() then 'organisations.left' else 'organisations.member_removed' end,
    jsonb_build_object('organisation', remove_member.organisation, 'subject', remove_member.person));
end
$$;

grant execute on function edge.remove_member(uuid, uuid) to authenticated;
