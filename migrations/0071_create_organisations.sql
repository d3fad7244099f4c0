-- Organisations: people who belong together, and what their managers may know of them.
--
-- A manager invites, sees who is a member, and reads aggregates; never an entry, a session or a journal. The aggregates are
-- of whole weeks that are over, and each week is computed once and kept: nobody gets at a person's value by asking again
-- after somebody came or went, or by shifting a range, for there is none. A person is a member of one organisation at
-- most, so that two groups that differ by one person cannot be compared; managers are not counted, for they know their
-- own values. A value shows only where at least `smallest_group` people gave it, coarsely, and nobody weighs more than
-- anybody else. What is left: who has the other members of the smallest group collude learns about the last one.
--
-- Every change of an organisation locks its row first, so that two managers who leave at once do not leave none.

create table public.organisations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_by uuid references public.users (id) on delete set null,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  -- The name is written to strangers in invitations: it must not be a link.
  constraint organisations_name_plain check (
    char_length(name) between 2 and 80 and name !~ '[[:cntrl:]]' and name !~* '(//|www\.)')
);

create index organisations_creator_idx on public.organisations (created_by);
create trigger organisations_touch before update on public.organisations
  for each row when (old.name is distinct from new.name) execute function edge.touch();

create table public.organisation_members (
  organisation_id uuid not null references public.organisations (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  role text not null check (role in ('member', 'manager')),
  joined_at timestamptz not null default edge.now(),
  primary key (organisation_id, user_id)
);

create index organisation_members_user_idx on public.organisation_members (user_id);
create index organisation_members_joined_idx on public.organisation_members (organisation_id, joined_at, user_id);
create unique index organisation_members_one_each on public.organisation_members (user_id) where role = 'member';

create table public.organisation_invitations (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null references public.organisations (id) on delete cascade,
  email text not null check (octet_length(email) <= 254 and email = lower(email)),
  role text not null check (role in ('member', 'manager')),
  token_hash text not null check (octet_length(token_hash) between 32 and 128),
  invited_by uuid references public.users (id) on delete set null,
  -- How many letters went out since the day of `sent_at` began.
  letters integer not null default 1,
  sent_at timestamptz not null default edge.now(),
  created_at timestamptz not null default edge.now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  accepted_at timestamptz,
  accepted_by uuid references public.users (id) on delete cascade,
  constraint organisation_invitations_address_key unique (organisation_id, email),
  constraint organisation_invitations_token_key unique (token_hash)
);

create index organisation_invitations_email_idx on public.organisation_invitations (email, sent_at);
create index organisation_invitations_inviter_idx on public.organisation_invitations (invited_by, sent_at);
create index organisation_invitations_accepted_idx on public.organisation_invitations (accepted_by);
create index organisation_invitations_expires_idx on public.organisation_invitations (expires_at);

-- A week's aggregates, computed once. A value is null where fewer than the smallest group gave it.
create table public.organisation_weeks (
  organisation_id uuid not null references public.organisations (id) on delete cascade,
  -- Its Monday.
  week date not null,
  members integer not null,
  active_share numeric,
  kaizen_members integer not null,
  kaizen_completion numeric,
  zazen_members integer not null,
  zazen_minutes numeric,
  created_at timestamptz not null default edge.now(),
  primary key (organisation_id, week)
);

do $$
declare
  relation text;
begin
  foreach relation in array
    array['organisations', 'organisation_members', 'organisation_invitations', 'organisation_weeks']
  loop
    execute format('alter table public.%I enable row level security', relation);
    execute format('revoke all on public.%I from public, anon, authenticated', relation);
    execute format('grant select on public.%I to service', relation);
    execute format('grant select, insert, update, delete on public.%I to edge_owner', relation);
    execute format('create policy %I on public.%I for all to service, edge_owner using (true) with check (true)',
      relation || '_service', relation);
  end loop;
end
$$;

grant select on public.organisations, public.organisation_members to authenticated;
create policy organisation_members_owner on public.organisation_members for select to authenticated
  using ((select edge.uid()) = user_id);
create policy organisations_owner on public.organisations for select to authenticated
  using (exists (
    select from public.organisation_members m where m.organisation_id = id and m.user_id = (select edge.uid())));

insert into public.settings (key, value, created_at, updated_at)
select key, value, statement_timestamp(), statement_timestamp()
from (values
  ('smallest_group', '5'::jsonb),
  -- Whoever has one of these roles and a verified address may found an organisation.
  ('organisation_founders', '["user", "manager", "admin"]'),
  ('organisations_managed', '{"FREE": 1, "PREMIUM": 10}'),
  ('organisation_members', '{"FREE": 10, "PREMIUM": 1000}')
) as defaults (key, value);

alter table public.settings
  -- With fewer than five, quarters would tell of everybody.
  add constraint settings_smallest_group_range check (
    case when key = 'smallest_group'
      then coalesce(value::text ~ '^[0-9]{1,3}$' and value::text::int between 5 and 500, false) else true end
  ),
  add constraint settings_organisation_founders_roles check (
    case when key = 'organisation_founders' then value <@ '["user", "manager", "admin"]' else true end
  ),
  add constraint settings_organisations_by_tier check (
    case when key in ('organisations_managed', 'organisation_members')
      then coalesce(
        value ->> 'FREE' ~ '^[0-9]{1,6}$' and value ->> 'PREMIUM' ~ '^[0-9]{1,6}$'
        and jsonb_typeof(value -> 'FREE') = 'number' and jsonb_typeof(value -> 'PREMIUM') = 'number', false)
      else true end
  );

set role edge_owner;

-- Somebody's account shows their organisations: its ETag must change with them. An organisation without members is gone.
create function edge.touch_member() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.users u set updated_at = edge.now()
  where u.id = case tg_op when 'DELETE' then old.user_id else new.user_id end;
  if tg_op = 'DELETE' then
    delete from public.organisations o
    where o.id = old.organisation_id
      and not exists (select from public.organisation_members m where m.organisation_id = o.id);
  end if;
  return null;
end
$$;

reset role;

create trigger organisation_members_touch after insert or update or delete on public.organisation_members
  for each row execute function edge.touch_member();

set role edge_owner;

-- Passes managers of an organisation, and administrators with a row in the log; locks the organisation. Raises
-- `OR403 forbidden` for its members and `OR404 not_found` for everybody else, whether or not there is one.
create function edge.manage(organisation uuid, action text, metadata jsonb default '{}') returns public.organisations
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed public.organisations;
  own text;
begin
  select o.* into managed from public.organisations o where o.id = manage.organisation for update;
  select m.role into own
  from public.organisation_members m where m.organisation_id = managed.id and m.user_id = edge.uid();
  if managed.id is null or (own is null and not edge.is_admin()) then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif own = 'manager' then
    return managed;
  elsif not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.audit(manage.action, jsonb_build_object('organisation', managed.id) || manage.metadata);
  return managed;
end
$$;

-- An organisation as a member sees it: with what it sees of them.
create function edge.organisation_json(organisation public.organisations) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', organisation.id, 'name', organisation.name, 'created_at', organisation.created_at,
    'updated_at', organisation.updated_at, 'version', organisation.version, 'role', m.role, 'joined_at', m.joined_at,
    'visibility', jsonb_build_object(
      'of_each_member', jsonb_build_array('name', 'email', 'role', 'joined_at'),
      'of_all_members', jsonb_build_array('active_share', 'kaizen_completion', 'zazen_minutes'),
      'smallest_group', edge.setting('smallest_group'),
      'counts_you', m.role is not distinct from 'member'))
  from (select) as one_row
  left join public.organisation_members m on m.organisation_id = organisation.id and m.user_id = edge.uid()
$$;

-- Founds an organisation, whose manager is the person of this request. One of the same name that they founded and manage
-- is given back. Outcomes: `created` or `exists` {organisation}; `unverified`; `not_allowed`. Raises as `edge.demand`.
create function edge.create_organisation(name text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  founder public.users;
  organisation public.organisations;
begin
  -- Two devices that found it at once found it once.
  select u.* into founder from public.users u where u.id = edge.uid() for update;
  select o.* into organisation
  from public.organisations o
  join public.organisation_members m on m.organisation_id = o.id and m.user_id = founder.id and m.role = 'manager'
  where o.created_by = founder.id and o.name = create_organisation.name;
  if organisation.id is not null then
    return jsonb_build_object('outcome', 'exists', 'organisation', edge.organisation_json(organisation));
  elsif founder.email_verified_at is null then
    return jsonb_build_object('outcome', 'unverified');
  elsif not edge.setting('organisation_founders') ? founder.role then
    return jsonb_build_object('outcome', 'not_allowed');
  end if;
  perform edge.demand('organisations_managed', 1 + (
    select count(*)::int from public.organisation_members m where m.user_id = founder.id and m.role = 'manager'));

  insert into public.organisations (name, created_by) values (create_organisation.name, founder.id)
  returning * into organisation;
  insert into public.organisation_members (organisation_id, user_id, role) values (organisation.id, founder.id, 'manager');
  perform edge.audit('organisations.created', jsonb_build_object('organisation', organisation.id));
  return jsonb_build_object('outcome', 'created', 'organisation', edge.organisation_json(organisation));
end
$$;

-- Null where the person of this request is no member, administrators aside, who leave a row in the log.
create function edge.read_organisation(organisation uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  found public.organisations;
begin
  select o.* into found from public.organisations o where o.id = read_organisation.organisation;
  if not exists (
    select from public.organisation_members m where m.organisation_id = found.id and m.user_id = edge.uid())
  then
    if found.id is null or not edge.is_admin() then
      return null;
    end if;
    perform edge.audit('organisations.read', jsonb_build_object('organisation', found.id));
  end if;
  return edge.organisation_json(found);
end
$$;

-- The organisations of the person of this request, by name.
create function edge.list_organisations() returns setof jsonb
language sql stable security definer set search_path = ''
as $$
  select edge.organisation_json(o)
  from public.organisation_members m join public.organisations o on o.id = m.organisation_id
  where m.user_id = edge.uid()
  order by o.name, o.id
$$;

-- Outcomes: `ok` {organisation}; `stale`. Raises as `edge.manage`.
create function edge.rename_organisation(organisation uuid, name text, if_version text default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  managed public.organisations := edge.manage(rename_organisation.organisation, 'organisations.renamed');
begin
  if managed.version::text <> rename_organisation.if_version then
    return jsonb_build_object('outcome', 'stale');
  end if;
  update public.organisations o set name = rename_organisation.name where o.id = managed.id returning o.* into managed;
  update public.users u set updated_at = edge.now()
  where u.id in (select m.user_id from public.organisation_members m where m.organisation_id = managed.id);
  return jsonb_build_object('outcome', 'ok', 'organisation', edge.organisation_json(managed));
end
$$;

-- Members, first who joined first, after one of them. Raises as `edge.manage`.
create function edge.list_members(organisation uuid, after_joined_at timestamptz, after_id uuid, max integer)
returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed constant uuid := (edge.manage(list_members.organisation, 'organisations.members_listed')).id;
begin
  return query
  select jsonb_build_object('user_id', u.id, 'name', u.name, 'email', u.email, 'role', m.role, 'joined_at', m.joined_at)
  from public.organisation_members m join public.users u on u.id = m.user_id
  where m.organisation_id = managed
    and (list_members.after_id is null
      or (m.joined_at, m.user_id) > (list_members.after_joined_at, list_members.after_id))
  order by m.joined_at, m.user_id
  limit list_members.max;
end
$$;

create function edge.is_last_manager(organisation uuid, person uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
      select from public.organisation_members m
      where m.organisation_id = is_last_manager.organisation and m.user_id = is_last_manager.person and m.role = 'manager')
    and not exists (
      select from public.organisation_members m
      where m.organisation_id = is_last_manager.organisation and m.user_id <> is_last_manager.person and m.role = 'manager')
$$;

-- Outcomes: `ok` {member}; `not_found`; `last_manager`; `elsewhere` (a member of another organisation). Raises as
-- `edge.manage`.
create function edge.change_member(organisation uuid, person uuid, role text) returns jsonb
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
  end if;
  begin
    update public.organisation_members m set role = change_member.role
    from public.users u
    where m.organisation_id = managed and m.user_id = change_member.person and u.id = m.user_id
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

-- Leaves an organisation, or takes somebody else out of it. Outcomes: `ok`;
-- `not_found`; `last_manager`. Raises as `edge.manage`.
create function edge.remove_member(organisation uuid, person uuid) returns jsonb
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
  from public.organisation_members m
  where m.organisation_id = remove_member.organisation and m.user_id <> remove_member.person;
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

create function edge.invitation_json(invitation public.organisation_invitations) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', invitation.id, 'organisation_id', invitation.organisation_id, 'email', invitation.email,
    'role', invitation.role, 'sent_at', invitation.sent_at, 'created_at', invitation.created_at,
    'expires_at', invitation.expires_at,
    'state', case
      when invitation.accepted_at is not null then 'accepted' when invitation.revoked_at is not null then 'revoked'
      when invitation.expires_at <= edge.now() then 'expired' else 'open' end)
$$;

-- Invites an address, or writes to it again with a new link, which ends the old one. Three letters a day to an address
-- from all organisations together, a hundred by a person. Outcomes: `created` or `resent` {invitation, outbox}; `member`;
-- `limited`. Raises as `edge.manage` and `edge.demand`.
create function edge.invite_member(organisation uuid, email text, role text, token_hash text, link text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  managed constant public.organisations := edge.manage(invite_member.organisation, 'organisations.invited');
  address constant text := lower(btrim(invite_member.email));
  yesterday constant timestamptz := edge.now() - interval '1 day';
  invited public.users;
  was_open boolean;
  invitation public.organisation_invitations;
begin
  select u.* into invited from public.users u where lower(u.email) = address and u.deleted_at is null;
  if exists (
    select from public.organisation_members m where m.organisation_id = managed.id and m.user_id = invited.id)
  then
    return jsonb_build_object('outcome', 'member');
  end if;
  -- What counts over all organisations is counted by one request at a time.
  perform pg_advisory_xact_lock(hashtextextended('invite ' || address, 0)),
    pg_advisory_xact_lock(hashtextextended('invites ' || edge.uid(), 0));
  if 3 <= (select coalesce(sum(i.letters), 0) from public.organisation_invitations i
      where i.email = address and i.sent_at > yesterday)
    or 100 <= (select coalesce(sum(i.letters), 0) from public.organisation_invitations i
      where i.invited_by = edge.uid() and i.sent_at > yesterday)
  then
    return jsonb_build_object('outcome', 'limited');
  end if;
  perform edge.demand('organisation_members', 1
    + (select count(*)::int from public.organisation_members m where m.organisation_id = managed.id)
    + (select count(*)::int from public.organisation_invitations i
      where i.organisation_id = managed.id and i.email <> address and i.accepted_at is null and i.revoked_at is null
        and i.expires_at > edge.now()));

  was_open := exists (
    select from public.organisation_invitations i
    where i.organisation_id = managed.id and i.email = address and i.accepted_at is null and i.revoked_at is null
      and i.expires_at > edge.now());
  insert into public.organisation_invitations as i (organisation_id, email, role, token_hash, invited_by, expires_at)
  values (managed.id, address, invite_member.role, invite_member.token_hash, edge.uid(), edge.now() + interval '7 days')
  on conflict (organisation_id, email) do update
  set role = excluded.role, token_hash = excluded.token_hash, invited_by = excluded.invited_by,
    letters = case when i.sent_at > yesterday then i.letters + 1 else 1 end,
    sent_at = excluded.sent_at, expires_at = excluded.expires_at,
    created_at = case when was_open then i.created_at else edge.now() end,
    accepted_at = null, accepted_by = null, revoked_at = null
  returning i.* into invitation;
  perform edge.audit('organisations.invited',
    jsonb_build_object('organisation', managed.id, 'invitation', invitation.id));
  return jsonb_build_object(
    'outcome', case when was_open then 'resent' else 'created' end,
    'invitation', edge.invitation_json(invitation),
    'outbox', jsonb_build_array(edge.mail(edge.uid(), 'organisation_invitation', address,
      coalesce(invited.locale, (select u.locale from public.users u where u.id = edge.uid()), 'fr'),
      invite_member.link, managed.name)));
end
$$;

-- Invitations, latest first, after one of them. Raises as `edge.manage`.
create function edge.list_invitations(organisation uuid, after_created_at timestamptz, after_id uuid, max integer)
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
    and (list_invitations.after_id is null
      or (i.created_at, i.id) < (list_invitations.after_created_at, list_invitations.after_id))
  order by i.created_at desc, i.id desc
  limit list_invitations.max;
end
$$;

-- Outcomes: `ok`, also when repeated; `accepted`; `not_found`. Raises as `edge.manage`.
create function edge.revoke_invitation(invitation uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  place constant uuid := (
    select i.organisation_id from public.organisation_invitations i where i.id = revoke_invitation.invitation);
  found public.organisation_invitations;
begin
  if place is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform edge.manage(place, 'organisations.invitation_revoked');
  select i.* into found from public.organisation_invitations i where i.id = revoke_invitation.invitation for update;
  if found.accepted_at is not null then
    return jsonb_build_object('outcome', 'accepted');
  end if;
  update public.organisation_invitations i set revoked_at = coalesce(i.revoked_at, edge.now()) where i.id = found.id;
  return jsonb_build_object('outcome', 'ok');
end
$$;

-- Joins by the link in a letter: the token proves who reads the mail of the invited address, and the account must have it.
-- Outcomes: `ok` {organisation}, also when repeated; `invalid`; `other_address`; `elsewhere`.
create function edge.accept_invitation(token_hash text) returns jsonb
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
    or invitation.expires_at <= edge.now()
  then
    return jsonb_build_object('outcome', 'invalid');
  elsif lower(person.email) <> invitation.email then
    return jsonb_build_object('outcome', 'other_address');
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

-- Computes a week that is over, of the members who belonged to the organisation from its first day. Shares are rounded
-- down to a quarter, the highest being "three quarters or more", so that in the smallest group no answer speaks of
-- everybody; rates to a twentieth and minutes to five. Each person has one voice, and ten hours of zazen at most.
create function edge.keep_organisation_week(organisation uuid, week date) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.organisation_weeks (
    organisation_id, week, members, active_share, kaizen_members, kaizen_completion, zazen_members, zazen_minutes)
  select keep_organisation_week.organisation, keep_organisation_week.week, count(m.user_id),
    case when count(m.user_id) >= setting.people
      then least(floor(4.0 * count(*) filter (where k.days > 0 or z.minutes is not null) / count(m.user_id)) / 4, 0.75) end,
    count(*) filter (where k.days > 0),
    case when count(*) filter (where k.days > 0) >= setting.people then round(avg(k.completion) * 20) / 20 end,
    count(z.minutes),
    case when count(z.minutes) >= setting.people then round(avg(z.minutes) / 5) * 5 end
  from (select (edge.setting('smallest_group') #>> '{}')::int as people) as setting
  left join public.organisation_members m
    on m.organisation_id = keep_organisation_week.organisation and m.role = 'member'
      and (m.joined_at at time zone 'UTC')::date <= keep_organisation_week.week,
    lateral (
      select count(*) as days, avg(e.completed::int) as completion
      from public.kaizen e
      where e.user_id = m.user_id and e.deleted_at is null
        and e.date between keep_organisation_week.week and keep_organisation_week.week + 6) as k,
    lateral (
      -- `least` alone would make ten hours of nothing.
      select case when count(*) > 0 then least(sum(s.duration) / 60.0, 600) end as minutes
      from public.zazen_sessions s
      where s.user_id = m.user_id and s.deleted_at is null
        and s.date between keep_organisation_week.week and keep_organisation_week.week + 6) as z
  group by setting.people
  on conflict (organisation_id, week) do nothing
$$;

-- The last twelve weeks that ended two days ago or earlier, latest first. Raises as `edge.manage`.
create function edge.organisation_aggregates(organisation uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  managed constant public.organisations := edge.manage(organisation_aggregates.organisation, 'organisations.aggregates_read');
  least_people constant integer := (edge.setting('smallest_group') #>> '{}')::int;
  latest constant date := edge.week_of((edge.now() at time zone 'UTC')::date - 9);
begin
  perform edge.keep_organisation_week(managed.id, w.week)
  from (select latest - 7 * n as week from generate_series(0, 11) as n) as w
  where w.week >= (managed.created_at at time zone 'UTC')::date
    and not exists (
      select from public.organisation_weeks k where k.organisation_id = managed.id and k.week = w.week);
  return jsonb_build_object(
    'smallest_group', least_people,
    'members', (
      select count(*) from public.organisation_members m where m.organisation_id = managed.id and m.role = 'member'),
    'weeks', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'week', k.week, 'is_shown', k.active_share is not null and k.members >= least_people,
        'active_share', case when k.members >= least_people then k.active_share end,
        'kaizen_completion', case when k.kaizen_members >= least_people then k.kaizen_completion end,
        'zazen_minutes', case when k.zazen_members >= least_people then k.zazen_minutes end) order by k.week desc), '[]')
      from public.organisation_weeks k
      where k.organisation_id = managed.id and k.week between latest - 77 and latest));
end
$$;

create or replace function edge.purge(batch integer default 1000) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  retention_days constant integer := coalesce(edge.setting('retention_days')::text::int, 90);
  rule record;
  gone integer;
  deleted jsonb := '{}';
  more boolean := false;
begin
  for rule in
    select *
    from (values
      ('qa_reports', 'created_at', retention_days),
      ('audit_logs', 'timestamp', retention_days),
      ('outbox', 'created_at', retention_days),
      ('webhook_deliveries', 'received_at', retention_days),
      ('cron_runs', 'due_at', retention_days),
      ('idempotency_keys', 'expires_at', 0),
      ('user_sessions', 'expires_at', 30),
      ('user_session_tokens', 'replaced_at', 30),
      ('login_failures', 'failed_at', 1),
      -- They hold addresses of people who never answered.
      ('organisation_invitations', 'expires_at', 30)
    ) as rules (relation, since, days)
  loop
    execute format(
      'delete from public.%1$I where ctid = any (array(
         select ctid from public.%1$I where %2$I < $1 order by %2$I limit $2 for update skip locked))',
      rule.relation, rule.since)
    using edge.now() - make_interval(days => rule.days), batch;
    get diagnostics gone = row_count;
    deleted := deleted || jsonb_build_object(rule.relation, gone);
    more := more or gone >= batch;
  end loop;

  perform edge.audit('retention.purged',
    jsonb_build_object('deleted', deleted, 'more', more, 'retention_days', retention_days));
  return jsonb_build_object('outcome', 'ok', 'deleted', deleted, 'more', more, 'retention_days', retention_days);
end
$$;

grant execute on function
  edge.create_organisation(text), edge.read_organisation(uuid), edge.list_organisations(),
  edge.rename_organisation(uuid, text, text), edge.organisation_aggregates(uuid),
  edge.list_members(uuid, timestamptz, uuid, integer), edge.change_member(uuid, uuid, text),
  edge.remove_member(uuid, uuid),
  edge.invite_member(uuid, text, text, text, text), edge.list_invitations(uuid, timestamptz, uuid, integer),
  edge.revoke_invitation(uuid), edge.accept_invitation(text)
  to authenticated;

reset role;
