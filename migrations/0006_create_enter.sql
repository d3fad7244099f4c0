-- The first statement of every request:
--
--   select edge.enter($claims, $now) is not null, set_config('role', $role, true) is not null
--
-- It refuses a session that has ended and a person who may no longer act, then leaves claims and time in
-- transaction-local settings. The role is set beside it, not inside: a SECURITY DEFINER function may not. It writes
-- nothing, so that it works in a READ ONLY transaction and one person's requests never queue for a row. Errors of a
-- batch carry no statement number, so everything raised here has a class of its own (OR) and a stable word as message.
--
-- A role in the claims is trusted only up to the person's role of this moment: a demoted administrator's token is
-- refused, and the next refresh gives one that fits.

set role edge_owner;

create function edge.enter(claims jsonb, now timestamptz) returns timestamptz
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person constant uuid := claims ->> 'sub';
  session constant uuid := claims ->> 'session';
  claimed constant text := coalesce(claims ->> 'role', case when claims ->> 'sub' is null then 'anon' else 'user' end);
  ranks constant text[] := array['user', 'manager', 'admin'];
  actual text;
  zone text;
  is_banned boolean;
  is_alive boolean;
begin
  if enter.now is null then
    raise exception using errcode = 'OR500', message = 'time_not_injected';
  end if;
  if person is not null then
    select u.role, u.time_zone, u.is_banned,
      u.is_active and u.deleted_at is null and s.revoked_at is null and s.expires_at > enter.now
    into actual, zone, is_banned, is_alive
    from public.users u
    join public.user_sessions s on s.user_id = u.id
    where u.id = person and s.id = session;

    if is_banned then
      raise exception using errcode = 'OR403', message = 'banned';
    end if;
    if not coalesce(is_alive, false)
      or not coalesce(array_position(ranks, claimed) <= array_position(ranks, actual), false)
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
    set_config('oree.claims', claims::text, true),
    -- What Supabase's own auth.uid() reads, so that policies written with it hold as well.
    set_config('request.jwt.claims', (claims || jsonb_build_object('role',
      case when claimed in ('anon', 'service') then claimed else 'authenticated' end))::text, true),
    set_config('statement_timeout', case session_user when 'oree_service' then '30s' else '10s' end, true),
    set_config('lock_timeout', '5s', true),
    set_config('idle_in_transaction_session_timeout', '15s', true),
    set_config('application_name', left('oree ' || coalesce(claims ->> 'request_id', ''), 63), true);
  return enter.now;
end
$$;

grant execute on function edge.enter(jsonb, timestamptz) to oree_person, oree_service;

reset role;
