-- Functions of `edge_owner` write invitations and show them to managers; `service` reads them. People see the invitations
-- that went to their own verified address, without their secret and who sent them; whom else an organisation invites is not
-- for its members to see.

grant select (id, organisation_id, email, role, letters, sent_at, created_at, expires_at, revoked_at, accepted_at)
  on public.organisation_invitations to authenticated;
grant select on public.organisation_invitations to service;
grant select, insert, update, delete on public.organisation_invitations to edge_owner;

create policy organisation_invitations_owner on public.organisation_invitations for select to authenticated
  using (exists (
    select from public.users u
    where u.id = (select edge.uid()) and lower(u.email) = organisation_invitations.email and u.email_verified_at is not null));
create policy organisation_invitations_service on public.organisation_invitations for all to service, edge_owner
  using (true) with check (true);

-- They hold addresses of people who never answered.
comment on column public.organisation_invitations.expires_at is 'retention: 30 days';

-- example:
-- insert into public.organisation_invitations (organisation_id, email, role, token_hash, invited_by, expires_at)
-- select o.id, u.email, 'member', md5(o.id::text), u.id, edge.now() + interval '7 days'
-- from public.organisations o join public.users u on u.id = o.created_by where u.id = $1
