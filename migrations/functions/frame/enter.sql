-- Begins a request: checks its claims, and leaves in the transaction who asks, in which role, and when.
--
-- It is the first statement of every request:
--
--   select edge.enter($claims, $now) is not null, set_config('role', $role, true) is not null
--
-- It refuses a session that has ended and a person who may no longer act, then leaves claims and time in transaction-local
-- settings, from which `edge.uid()`, `edge.role()`, `edge.now()`, `edge.today()` and their like read. The role of PostgreSQL
-- is set beside it, not inside: a SECURITY DEFINER function may not. It also sets the time zone to UTC and dates to ISO, so
-- that times inside JSON are RFC 3339 in UTC, and limits what a transaction may take: 10 s for a statement (30 s for
-- `service`), 5 s for a lock, 15 s of idleness.
--
-- Claims: `sub`, the person, and `session`, both uuid or null; `role` (`user`, `manager`, `admin`, `privacy` or `qa`;
-- without a person `anon`, the default, or `service`); `request_id`; `operation`; `purpose`
-- (`edge.readable_since`); `ip`, truncated; `language`; and, where an
-- administrator reads somebody else's data, `subject`, that person, and `writes`. With a `subject`, `edge.enter_for` goes on
-- in that person's place. The first batch of a write under an `Idempotency-Key` has `idempotency_key` and `request_hash`,
-- which `edge.idempotency_take` takes. `now` is the moment of the request: the edge writes it, and nothing reads the server's clock.
--
-- A role in the claims is trusted only up to the role that the person has at this moment: it holds where the person still
-- has it or is an administrator by now, and `user` holds always. The token of a demoted administrator is refused, and the
-- next refresh gives one that fits. Only `admin` is above another role.
--
-- Raises `OR401 session_revoked` (an ended, expired or unknown session; an erased or inactive person; a role that the person
-- no longer has), `OR403 banned`, `OR500 time_not_injected`, and what `edge.enter_for` and `edge.idempotency_take` raise. Errors of a batch carry no
-- statement number, so everything raised here and in functions of ours has a class of its own, OR and the HTTP status, and a
-- stable word as its message.
--
-- Without a `subject` and a key it writes nothing, so that it works in a READ ONLY transaction and the requests of one person never
-- queue for a row.
create or replace function edge.enter(claims jsonb, now timestamptz) returns timestamptz
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person constant uuid := claims ->> 'sub';
  session constant uuid := claims ->> 'session';
  claimed constant text := coalesce(claims ->> 'role', case when claims ->> 'sub' is null then 'anon' else 'user' end);
  subject constant uuid := nullif(claims ->> 'subject', claims ->> 'sub');
  actual text;
  today date;
  is_banned boolean;
  is_alive boolean;
begin
  if enter.now is null then
    raise exception using errcode = 'OR500', message = 'time_not_injected';
  end if;
  if person is not null then
    select u.role, edge.day_of(enter.now, u.id, u.time_zone, u.day_end_hour, u.held_until),
      u.is_banned, u.is_active and u.deleted_at is null and s.revoked_at is null and s.expires_at > enter.now
    into actual, today, is_banned, is_alive
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
    set_config('oree.today', coalesce(to_char(today, 'YYYY-MM-DD'), ''), true),
    set_config('oree.claims', claims::text, true),
    -- What Supabase's own auth.uid() reads, so that policies written with it hold as well.
    set_config('request.jwt.claims', (claims || jsonb_build_object('role',
      case when claimed in ('anon', 'service') then claimed else 'authenticated' end))::text, true),
    set_config('statement_timeout', case session_user when 'oree_service' then '30s' else '10s' end, true),
    set_config('lock_timeout', '5s', true),
    set_config('idle_in_transaction_session_timeout', '15s', true),
    set_config('application_name', left('oree ' || coalesce(claims ->> 'request_id', ''), 63), true);
  if claims ? 'idempotency_key' then
    perform edge.idempotency_take(claims ->> 'idempotency_key', claims ->> 'request_hash');
  end if;
  if subject is not null then
    perform edge.enter_for(subject);
  end if;
  return enter.now;
end
$$;

grant execute on function edge.enter(jsonb, timestamptz) to oree_person, oree_service;
