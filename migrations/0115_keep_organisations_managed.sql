-- An organisation always has a manager who can sign in, or nobody at all.
--
-- An erasure is never refused, so the last manager's hands the organisation over: to the member who joined first of those who
-- can sign in. One where nobody can sign in any more goes when its last such member is deleted or leaves; until an erased
-- account is deleted it can be restored, and the organisation with it. Managers who are erased, banned or inactive do not
-- count, and nobody joins what nobody manages.
--
-- Managing one more organisation is what a tier allows, however somebody comes to it; only who inherits is not asked.

set role edge_owner;

-- Whether `edge.enter` lets somebody in.
create function edge.can_sign_in(person public.users) returns boolean
language sql immutable set search_path = ''
return person.is_active and not person.is_banned and person.deleted_at is null;

-- Whether somebody manages an organisation who can sign in, other than `without`.
create function edge.is_managed(organisation uuid, without uuid default null) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.organisation_members m join public.users u on u.id = m.user_id
    where m.organisation_id = is_managed.organisation and m.role = 'manager' and edge.can_sign_in(u)
      and m.user_id is distinct from is_managed.without)
$$;

create or replace function edge.is_last_manager(organisation uuid, person uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
      select from public.organisation_members m
      where m.organisation_id = is_last_manager.organisation and m.user_id = is_last_manager.person and m.role = 'manager')
    and not edge.is_managed(is_last_manager.organisation, without => is_last_manager.person)
$$;

-- Makes the member who joined first of those who can sign in a manager, where nobody manages any more.
create function edge.hand_over(organisation uuid) returns void
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

-- Somebody's account shows their organisations: its ETag must change with them. An organisation whose members can none of
-- them sign in is gone.
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

-- Refuses `person` more than their tier allows: `OR402 subscription_required` where PREMIUM would allow it, else
-- `OR409 limit_reached`.
create function edge.demand(name text, wanted integer, person uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  allowed constant jsonb := edge.setting(demand.name);
begin
  if demand.wanted <= coalesce((allowed ->> edge.tier(demand.person))::int, 0) then
    return;
  elsif demand.wanted <= (allowed ->> 'PREMIUM')::int then
    raise exception using errcode = 'OR402', message = 'subscription_required';
  end if;
  raise exception using errcode = 'OR409', message = 'limit_reached';
end
$$;

create or replace function edge.demand(name text, wanted integer) returns void
language sql stable security definer set search_path = ''
as $$ select edge.demand(demand.name, demand.wanted, edge.uid()) $$;

-- Refuses `person` one more organisation to manage than their tier allows, as `edge.demand`.
create function edge.demand_to_manage(person uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  -- Two organisations at once are counted one after the other.
  perform from public.users u where u.id = demand_to_manage.person for update;
  perform edge.demand('organisations_managed', 1 + (
    select count(*)::int from public.organisation_members m
    where m.user_id = demand_to_manage.person and m.role = 'manager'), demand_to_manage.person);
end
$$;

-- Members, first who joined first, after one of them; of erased ones neither name nor address. Raises as `edge.manage`.
create or replace function edge.list_members(organisation uuid, after_joined_at timestamptz, after_id uuid, max integer)
returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed constant uuid := (edge.manage(list_members.organisation, 'organisations.members_listed')).id;
begin
  return query
  select jsonb_build_object('user_id', u.id,
    'name', case when u.deleted_at is null then u.name end, 'email', case when u.deleted_at is null then u.email end,
    'role', m.role, 'joined_at', m.joined_at)
  from public.organisation_members m join public.users u on u.id = m.user_id
  where m.organisation_id = managed
    and (list_members.after_id is null
      or (m.joined_at, m.user_id) > (list_members.after_joined_at, list_members.after_id))
  order by m.joined_at, m.user_id
  limit list_members.max;
end
$$;

-- Outcomes: `ok` {member}; `not_found`; `last_manager`; `elsewhere` (a member of another organisation). Raises as
-- `edge.manage`, and as `edge.demand` for who is made a manager.
create or replace function edge.change_member(organisation uuid, person uuid, role text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  managed constant uuid := (edge.manage(change_member.organisation, 'organisations.member_changed',
    jsonb_build_object('subject', change_member.person))).id;
  changed jsonb;
begin
  if change_member.role = 'member' and edge.is_last_manager(managed, change_member.person) then
    return jsonb_build_object('outcome', 'last_manager');
  elsif change_member.role = 'manager' and exists (
    select from public.organisation_members m join public.users u on u.id = m.user_id
    where m.organisation_id = managed and m.user_id = change_member.person and m.role = 'member' and u.deleted_at is null)
  then
    perform edge.demand_to_manage(change_member.person);
  end if;
  begin
    update public.organisation_members m set role = change_member.role
    from public.users u
    where m.organisation_id = managed and m.user_id = change_member.person and u.id = m.user_id
      and u.deleted_at is null
    returning jsonb_build_object('user_id', u.id, 'name', u.name, 'email', u.email, 'role', m.role, 'joined_at', m.joined_at)
    into changed;
  exception when unique_violation then
    return jsonb_build_object('outcome', 'elsewhere');
  end;
  if changed is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform edge.audit('organisations.member_changed', jsonb_build_object(
    'organisation', managed, 'subject', change_member.person, 'role', change_member.role));
  return jsonb_build_object('outcome', 'ok', 'member', changed);
end
$$;

-- Leaves an organisation, or takes somebody else out of it. Outcomes: `ok`; `not_found`; `last_manager`, where others remain
-- who can sign in. Raises as `edge.manage`.
create or replace function edge.remove_member(organisation uuid, person uuid) returns jsonb
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
    return jsonb_build_object('outcome', 'last_manager');
  end if;
  delete from public.organisation_members m
  where m.organisation_id = remove_member.organisation and m.user_id = remove_member.person;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform edge.audit(
    case remove_member.person when edge.uid() then 'organisations.left' else 'organisations.member_removed' end,
    jsonb_build_object('organisation', remove_member.organisation, 'subject', remove_member.person));
  return jsonb_build_object('outcome', 'ok');
end
$$;

-- Invitations, latest first, after one of them; not those that somebody accepted who is erased. Raises as `edge.manage`.
create or replace function edge.list_invitations(organisation uuid, after_created_at timestamptz, after_id uuid, max integer)
returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed constant uuid := (edge.manage(list_invitations.organisation, 'organisations.invitations_listed')).id;
begin
  return query
  select edge.invitation_json(i)
  from public.organisation_invitations i
  where i.organisation_id = managed
    and not exists (select from public.users u where u.id = i.accepted_by and u.deleted_at is not null)
    and (list_invitations.after_id is null
      or (i.created_at, i.id) < (list_invitations.after_created_at, list_invitations.after_id))
  order by i.created_at desc, i.id desc
  limit list_invitations.max;
end
$$;

-- Joins by the link in a letter: the token proves who reads the mail of the invited address, and the account must have it.
-- Outcomes: `ok` {organisation}, also when repeated; `invalid`; `other_address`; `elsewhere`. Raises as `edge.demand`.
create or replace function edge.accept_invitation(token_hash text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  organisation public.organisations;
  invitation public.organisation_invitations;
  person public.users;
begin
  -- The organisation is locked before its invitation, as everywhere.
  select o.* into organisation
  from public.organisations o
  where o.id = (select i.organisation_id from public.organisation_invitations i
    where i.token_hash = accept_invitation.token_hash)
  for update;
  select i.* into invitation
  from public.organisation_invitations i
  where i.token_hash = accept_invitation.token_hash and i.organisation_id = organisation.id
  for update;
  select u.* into person from public.users u where u.id = edge.uid();
  if invitation.accepted_by = person.id and exists (
    select from public.organisation_members m where m.organisation_id = organisation.id and m.user_id = person.id)
  then
    return jsonb_build_object('outcome', 'ok', 'organisation', edge.organisation_json(organisation));
  elsif invitation.id is null or invitation.accepted_at is not null or invitation.revoked_at is not null
    or invitation.expires_at <= edge.now() or not edge.is_managed(organisation.id)
  then
    return jsonb_build_object('outcome', 'invalid');
  elsif lower(person.email) <> invitation.email then
    return jsonb_build_object('outcome', 'other_address');
  elsif invitation.role = 'manager' then
    perform edge.demand_to_manage(person.id);
  end if;

  begin
    insert into public.organisation_members (organisation_id, user_id, role)
    values (organisation.id, person.id, invitation.role)
    on conflict (organisation_id, user_id) do nothing;
  exception when unique_violation then
    return jsonb_build_object('outcome', 'elsewhere');
  end;
  update public.organisation_invitations i set accepted_at = edge.now(), accepted_by = person.id where i.id = invitation.id;
  update public.users u set email_verified_at = edge.now() where u.id = person.id and u.email_verified_at is null;
  perform edge.audit('organisations.joined', jsonb_build_object('organisation', organisation.id));
  return jsonb_build_object('outcome', 'ok', 'organisation', edge.organisation_json(organisation));
end
$$;

-- Closes an account now, to be deleted after the grace period. Outcomes: `ok` {erased_at}, also when repeated;
-- `not_found`. An organisation that nobody else manages is handed over. The letter is left to the next tick: the session that
-- asked, and would settle it, ends here.
create or replace function edge.erase_account(person uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  grace constant interval := make_interval(days => coalesce((edge.setting('erasure_grace_days') #>> '{}')::int, 30));
  found public.users;
begin
  perform edge.act_for(erase_account.person, 'accounts.erased');
  -- Organisations are locked before people, as everywhere.
  perform from public.organisations o
  where o.id in (select m.organisation_id from public.organisation_members m where m.user_id = erase_account.person)
  order by o.id
  for update;
  select u.* into found from public.users u where u.id = erase_account.person for update;
  if found.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif found.deleted_at is null then
    update public.users u set deleted_at = edge.now() where u.id = found.id;
    perform edge.hand_over(m.organisation_id)
    from public.organisation_members m where m.user_id = found.id and m.role = 'manager';
    perform edge.revoke_sessions(found.id, 'erasure'),
      edge.spend_tokens(found.id, array['email_verification', 'email_change', 'password_reset']),
      edge.audit_as(found.id, 'accounts.erasure_asked', '{}'),
      edge.mail(found.id, 'erasure', found.email, found.locale);
  end if;
  return jsonb_build_object('outcome', 'ok', 'erased_at', coalesce(found.deleted_at, edge.now()) + grace);
end
$$;

reset role;
