-- People see their own memberships; what managers see of other members, and every change, goes through functions of
-- `edge_owner`. `service` reads memberships.

grant select on public.organisation_members to authenticated, service;
grant select, insert, update, delete on public.organisation_members to edge_owner;

create policy organisation_members_owner on public.organisation_members for select to authenticated
  using ((select edge.uid()) = user_id);
create policy organisation_members_service on public.organisation_members for all to service, edge_owner
  using (true) with check (true);

create trigger organisation_members_touch after insert or update or delete on public.organisation_members
  for each row execute function edge.touch_member();

-- example:
-- insert into public.organisation_members (organisation_id, user_id, role)
-- select o.id, o.created_by, 'manager' from public.organisations o where o.created_by = $1
