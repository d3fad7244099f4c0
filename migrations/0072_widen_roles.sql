-- Two more roles, and how somebody else's data are read.
--
--   privacy   reads the audit log; finds, reads and erases accounts
--   qa        reads quality reports and metrics
--
-- Only `admin` is above another: a token's role holds where the person still has it or is an administrator by now,
-- and `user` always.
--
-- An administrator who reads what belongs to a person does it in the person's place: `edge.enter` writes the audit row and
-- then gives the request the person's id, so that policies and statements show what the person sees and nothing else.
-- From there on the transaction cannot write where the endpoint only reads. One place decides this for every endpoint
-- whose path names a person (`auth: OwnerOrAdmin`).

alter table public.users
  drop constraint users_role_known,
  add constraint users_role_known check (role in ('user', 'manager', 'admin', 'privacy', 'qa'));

set role edge_owner;

create or replace function edge.enter(claims jsonb, now timestamptz) returns timestamptz
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person constant uuid := claims ->> 'sub';
  session constant uuid := claims ->> 'session';
  claimed constant text := coalesce(claims ->> 'role', case when claims ->> 'sub' is null then 'anon' else 'user' end);
  subject constant uuid := nullif(claims ->> 'subject', claims ->> 'sub');
  actual text;
  zone text;
  hour integer;
  today date;
  is_banned boolean;
  is_alive boolean;
begin
  if enter.now is null then
    raise exception using errcode = 'OR500', message = 'time_not_injected';
  end if;
  if person is not null then
    select u.role, u.time_zone, u.day_end_hour,
      edge.day_of(enter.now, u.time_zone, u.day_end_hour, u.held_day, u.held_until),
      u.is_banned, u.is_active and u.deleted_at is null and s.revoked_at is null and s.expires_at > enter.now
    into actual, zone, hour, today, is_banned, is_alive
    from public.users u
    join public.user_sessions s on s.user_id = u.id
    where u.id = person and s.id = session;

    if is_banned then
      raise exception using errcode = 'OR403', message = 'banned';
    end if;
    if not coalesce(
      is_alive and (claimed in (actual, 'user') or (actual = 'admin' and claimed in ('manager', 'privacy', 'qa'))), false)
    then
      raise exception using errcode = 'OR401', message = 'session_revoked';
    end if;
  elsif claimed not in ('anon', 'service') then
    raise exception using errcode = 'OR401', message = 'session_revoked';
  end if;

  perform
    set_config('timezone', 'UTC', true),
    set_config('datestyle', 'ISO, YMD', true),
    set_config('oree.now', enter.now::text, true),
    set_config('oree.uid', coalesce(person::text, ''), true),
    set_config('oree.session', coalesce(session::text, ''), true),
    set_config('oree.role', claimed, true),
    set_config('oree.time_zone', coalesce(zone, ''), true),
    set_config('oree.day_end_hour', coalesce(hour::text, ''), true),
    set_config('oree.today', coalesce(to_char(today, 'YYYY-MM-DD'), ''), true),
    set_config('oree.claims', claims::text, true),
    -- What Supabase's own auth.uid() reads, so that policies written with it hold as well.
    set_config('request.jwt.claims', (claims || jsonb_build_object('role',
      case when claimed in ('anon', 'service') then claimed else 'authenticated' end))::text, true),
    set_config('statement_timeout', case session_user when 'oree_service' then '30s' else '10s' end, true),
    set_config('lock_timeout', '5s', true),
    set_config('idle_in_transaction_session_timeout', '15s', true),
    set_config('application_name', left('oree ' || coalesce(claims ->> 'request_id', ''), 63), true);
  if subject is not null then
    perform edge.enter_for(subject);
  end if;
  return enter.now;
end
$$;

-- Puts the administrator of this request into a person's place. Raises `OR403 forbidden` for others, `OR404 not_found`
-- where there is no such person.
create function edge.enter_for(subject uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
  today date;
begin
  if not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  select u.* into person from public.users u where u.id = enter_for.subject;
  if person.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  today := edge.day_of(edge.now(), person.time_zone, person.day_end_hour, person.held_day, person.held_until);
  perform edge.audit('data.read',
    jsonb_build_object('subject', enter_for.subject, 'operation', edge.claim('operation')));
  perform
    set_config('oree.uid', enter_for.subject::text, true),
    set_config('oree.session', '', true),
    set_config('oree.role', 'user', true),
    set_config('oree.time_zone', person.time_zone, true),
    set_config('oree.day_end_hour', person.day_end_hour::text, true),
    set_config('oree.today', to_char(today, 'YYYY-MM-DD'), true),
    set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb
      || jsonb_build_object('sub', enter_for.subject, 'session', null))::text, true),
    set_config('transaction_read_only', case edge.claim('writes') when 'true' then 'off' else 'on' end, true);
end
$$;

-- Passes the owner of `person`'s data, and with a row in the log administrators, and privacy operations for what is
-- theirs. Raises `OR403 forbidden` for others.
create or replace function edge.act_for(person uuid, action text, metadata jsonb default '{}') returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if act_for.person = edge.uid() then
    return;
  elsif not (edge.is_admin() or (edge.role() = 'privacy' and act_for.action in ('accounts.read', 'accounts.erased'))) then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.audit(act_for.action, jsonb_build_object('subject', act_for.person) || act_for.metadata);
end
$$;

create or replace function edge.list_accounts(
  search text, state text, after_created_at timestamptz, after_id uuid, max integer
) returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if edge.role() not in ('admin', 'privacy') then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.audit('accounts.listed',
    jsonb_strip_nulls(jsonb_build_object('searched', list_accounts.search is not null, 'state', list_accounts.state)));
  return query
  select edge.account_json(u)
  from public.users u
  where (list_accounts.search is null or position(lower(list_accounts.search) in lower(u.email)) > 0
      or position(lower(list_accounts.search) in lower(u.name)) > 0)
    and (list_accounts.state is null or list_accounts.state = case
      when u.deleted_at is not null then 'erased' when u.is_banned then 'banned'
      when not u.is_active then 'inactive' else 'active' end)
    and (list_accounts.after_id is null
      or (u.created_at, u.id) < (list_accounts.after_created_at, list_accounts.after_id))
  order by u.created_at desc, u.id desc
  limit list_accounts.max;
end
$$;

-- Rows of the audit log, latest first, before one of them; of what `person` did or what was done to them. Reading it is
-- in it. For privacy operations and administrators.
create function edge.list_audit(person uuid, action text, before bigint, max integer) returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if edge.role() not in ('admin', 'privacy') then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  perform edge.audit('audit.read',
    jsonb_strip_nulls(jsonb_build_object('subject', list_audit.person, 'action', list_audit.action)));
  return query
  select jsonb_build_object('id', a.id, 'user_id', a.user_id, 'action', a.action, 'metadata', a.metadata,
    'request_id', a.request_id, 'ip', a.ip, 'timestamp', a."timestamp")
  from public.audit_logs a
  where (list_audit.person is null or a.user_id = list_audit.person
      or a.metadata @> jsonb_build_object('subject', list_audit.person))
    and (list_audit.action is null or a.action = list_audit.action)
    and (list_audit.before is null or a.id < list_audit.before)
  order by a.id desc
  limit list_audit.max;
end
$$;

grant execute on function edge.list_audit(uuid, text, bigint, integer) to authenticated;

reset role;

-- What was done to a person.
create index audit_logs_subject_idx on public.audit_logs using gin (metadata jsonb_path_ops);
