-- The person's day: which date "today" is, and when it ends.
--
-- A person's clock is a time zone and a day-end hour (0 to 6): with 4, what is done at three in the morning still belongs
-- to the evening before. Day D begins at D + hour on that clock's wall and lasts until D + 1 begins; where daylight saving
-- makes the hour ambiguous or skips it, PostgreSQL's reading of it counts, so that the boundary is one moment.
--
-- Clocks change: people fly, and move their hour. Two things must never happen to them, a day that is taken away and a day
-- that comes twice. One rule gives both: a day in progress ends when it has ended by every clock that was in effect
-- during it. So a change never changes which date today is, only when it ends, and a date never goes back. After a flight
-- west the day is longer. After a flight east it ends as promised before, and the day after it is the short one.
--
-- `held_day` and `held_until` in `users` are that rule: until `held_until` today is `held_day`, whatever the clock says.
-- `clock_changes` is the history, one row per day with a change: what became of the days after it can be computed at any
-- later time. Two changes on one day are one, by the last clock.
--
-- `edge.enter` computes today once per request. Days of other products that are civil days (the quota of scenes) read the
-- time zone alone.

alter table public.users
  add column day_end_hour smallint not null default 0,
  add column held_day date,
  add column held_until timestamptz,
  add constraint users_day_end_hour_range check (day_end_hour between 0 and 6),
  add constraint users_held_together check ((held_day is null) = (held_until is null));

grant select (day_end_hour, held_day, held_until) on public.users to authenticated, service;
grant update (day_end_hour) on public.users to authenticated, service;

create table public.clock_changes (
  user_id uuid not null references public.users (id) on delete cascade,
  -- The day in progress, and when it ends after all.
  day date not null,
  ends_at timestamptz not null,
  time_zone text not null,
  day_end_hour smallint not null,
  changed_at timestamptz not null default edge.now(),
  primary key (user_id, day)
);

alter table public.clock_changes enable row level security;
revoke all on public.clock_changes from public, anon, authenticated;
grant select on public.clock_changes to authenticated, service;
grant select, insert, update, delete on public.clock_changes to edge_owner;
create policy clock_changes_owner on public.clock_changes for select to authenticated
  using ((select edge.uid()) = user_id);
create policy clock_changes_service on public.clock_changes for all to service, edge_owner using (true) with check (true);

set role edge_owner;

-- The moment at which a day begins by one clock.
create function edge.day_start(day date, zone text, hour integer) returns timestamptz
language sql immutable parallel safe
return (day + make_interval(hours => hour)) at time zone zone;

-- The day that a moment lies in by one clock.
create function edge.day_of(moment timestamptz, zone text, hour integer) returns date
language sql immutable parallel safe
return ((moment at time zone zone) - make_interval(hours => hour))::date
  -- Where the clock goes back over the boundary, the first passage of it is not yet the new day.
  - (moment < edge.day_start(((moment at time zone zone) - make_interval(hours => hour))::date, zone, hour))::int;

-- The day that a moment from now on lies in, for a person whose day is held.
create function edge.day_of(moment timestamptz, zone text, hour integer, held_day date, held_until timestamptz) returns date
language sql immutable parallel safe
return case when moment < held_until then held_day else edge.day_of(moment, zone, hour) end;

-- When that day ends.
create function edge.day_end(moment timestamptz, zone text, hour integer, held_day date, held_until timestamptz)
returns timestamptz
language sql immutable parallel safe
return case when moment < held_until then held_until
  else edge.day_start(edge.day_of(moment, zone, hour) + 1, zone, hour) end;

-- Today's date of the person of this request, by their own clock; in UTC when nobody is signed in.
create or replace function edge.today() returns date
language sql stable parallel safe
return coalesce(nullif(current_setting('oree.today', true), '')::date, (edge.now() at time zone 'UTC')::date);

-- Today's date of that person; of somebody whom the caller may not see, in UTC.
create or replace function edge.today(person uuid) returns date
language sql stable parallel safe
return coalesce(
  (select edge.day_of(edge.now(), u.time_zone, u.day_end_hour, u.held_day, u.held_until)
   from public.users u where u.id = person),
  (edge.now() at time zone 'UTC')::date);

create function edge.keep_clock() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  -- The constraint on the column will refuse it.
  if not edge.is_time_zone(new.time_zone) or new.day_end_hour not between 0 and 6 then
    return new;
  end if;
  new.held_day := edge.day_of(edge.now(), old.time_zone, old.day_end_hour, old.held_day, old.held_until);
  new.held_until := greatest(
    edge.day_end(edge.now(), old.time_zone, old.day_end_hour, old.held_day, old.held_until),
    edge.day_start(new.held_day + 1, new.time_zone, new.day_end_hour));
  insert into public.clock_changes as c (user_id, day, ends_at, time_zone, day_end_hour)
  values (new.id, new.held_day, new.held_until, new.time_zone, new.day_end_hour)
  on conflict (user_id, day) do update
  set ends_at = excluded.ends_at, time_zone = excluded.time_zone, day_end_hour = excluded.day_end_hour,
    changed_at = excluded.changed_at;
  return new;
end
$$;

-- As in 0006, and it leaves today's date and the day-end hour.
create or replace function edge.enter(claims jsonb, now timestamptz) returns timestamptz
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person constant uuid := claims ->> 'sub';
  session constant uuid := claims ->> 'session';
  claimed constant text := coalesce(claims ->> 'role', case when claims ->> 'sub' is null then 'anon' else 'user' end);
  ranks constant text[] := array['user', 'manager', 'admin'];
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
  return enter.now;
end
$$;

-- The day that a moment in the past lies in for the person of this request, by the clock of now: it is asked about
-- moments that have just been. Never later than today.
create function edge.day_of(moment timestamptz) returns date
language sql stable parallel safe
return least(edge.today(), edge.day_of(moment, coalesce(nullif(current_setting('oree.time_zone', true), ''), 'UTC'),
  coalesce(nullif(current_setting('oree.day_end_hour', true), ''), '0')::int));

grant execute on function
  edge.day_start(date, text, integer), edge.day_of(timestamptz, text, integer),
  edge.day_of(timestamptz, text, integer, date, timestamptz),
  edge.day_end(timestamptz, text, integer, date, timestamptz), edge.day_of(timestamptz)
  to authenticated, service;

reset role;

create trigger users_clock before update of time_zone, day_end_hour on public.users
  for each row
  when ((old.time_zone, old.day_end_hour) is distinct from (new.time_zone, new.day_end_hour))
  execute function edge.keep_clock();
