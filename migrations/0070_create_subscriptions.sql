-- What people have paid for, as Stripe tells it, and what that entitles them to.
--
-- Stripe repeats its events and sends them in any order. A subscription's row holds the state of its latest event, and
-- "latest" is a total order that is in the events themselves: an ended subscription stays ended; else the later `created`
-- wins, which counts whole seconds, so that within one second the further state wins, then the longer period, then the id.
-- Whatever order they arrive in, the row ends the same. Who a customer is follows the same rule, and never an address.
--
-- The tier of a person is not stored but computed, so that it ends by itself: what an administrator granted
-- (`users.tier`), or a subscription until `edge.entitled_until`. An entitlement is a setting by tier,
-- {"FREE": 10, "PREMIUM": 100}.

create table public.stripe_customers (
  customer text primary key check (octet_length(customer) between 1 and 255),
  -- Null while no event has said who this is.
  user_id uuid references public.users (id) on delete cascade,
  -- The event that said it.
  linked_at timestamptz,
  linked_by text,
  created_at timestamptz not null default edge.now()
);

create index stripe_customers_user_idx on public.stripe_customers (user_id);

alter table public.stripe_customers enable row level security;
revoke all on public.stripe_customers from public, anon, authenticated;
grant select on public.stripe_customers to authenticated, service;
grant select, insert, update, delete on public.stripe_customers to edge_owner;
create policy stripe_customers_owner on public.stripe_customers for select to authenticated
  using ((select edge.uid()) = user_id);
create policy stripe_customers_service on public.stripe_customers for all to service, edge_owner
  using (true) with check (true);

create table public.user_subscriptions (
  subscription text primary key check (octet_length(subscription) between 1 and 255),
  customer text not null references public.stripe_customers (customer) on delete cascade,
  -- Stripe's word. One that we do not know entitles to nothing.
  status text not null check (octet_length(status) between 1 and 40),
  period_start timestamptz,
  period_end timestamptz,
  -- It will not be renewed.
  is_ending boolean not null default false,
  is_live boolean not null,
  -- The event that this is the state of, and its rank among those of the same second.
  event_at timestamptz not null,
  event_rank smallint not null,
  event_id text not null check (octet_length(event_id) between 1 and 200),
  -- The end that the person has been written to about, and the one that is in the log.
  noticed_end timestamptz,
  logged_end timestamptz,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now()
);

create index user_subscriptions_customer_idx on public.user_subscriptions (customer);

alter table public.user_subscriptions enable row level security;
revoke all on public.user_subscriptions from public, anon, authenticated;
grant select on public.user_subscriptions to authenticated, service;
grant select, insert, update, delete on public.user_subscriptions to edge_owner;
create policy user_subscriptions_owner on public.user_subscriptions for select to authenticated
  using (exists (
    select from public.stripe_customers c
    where c.customer = user_subscriptions.customer and c.user_id = (select edge.uid())));
create policy user_subscriptions_service on public.user_subscriptions for all to service, edge_owner
  using (true) with check (true);

grant insert on public.webhook_deliveries to edge_owner;

insert into public.settings (key, value, created_at, updated_at)
select key, value, statement_timestamp(), statement_timestamp()
from (values ('subscription_grace_days', '7'::jsonb), ('subscription_notice_days', '3')) as defaults (key, value);

alter table public.settings add constraint settings_subscription_days_range check (
  case when key in ('subscription_grace_days', 'subscription_notice_days')
    then coalesce(value::text ~ '^[0-9]{1,2}$' and value::text::int between 0 and 60, false) else true end
);

set role edge_owner;

-- Until when a subscription entitles; null where it does not. One that renews itself goes on for the grace period, in
-- which Stripe tries to be paid. An unpaid renewal has begun a new period: its grace counts from there.
create function edge.entitled_until(s public.user_subscriptions) returns timestamptz
language sql stable security definer set search_path = ''
as $$
  select case
    when s.status in ('active', 'trialing') and s.is_ending then s.period_end
    when s.status in ('active', 'trialing') then s.period_end + grace
    when s.status = 'past_due' then s.period_start + grace end
  from (select make_interval(days => (edge.setting('subscription_grace_days') #>> '{}')::int)) as setting (grace)
$$;

-- `FREE` or `PREMIUM`, at this moment. Null for nobody.
create function edge.tier(person uuid) returns text
language sql stable security definer set search_path = ''
as $$
  select case
    when u.tier = 'PREMIUM' or exists (
      select from public.user_subscriptions s join public.stripe_customers c on c.customer = s.customer
      where c.user_id = u.id and edge.entitled_until(s) > edge.now())
    then 'PREMIUM' else 'FREE' end
  from public.users u where u.id = tier.person
$$;

-- How much of something the tier of the person of this request allows; 0 where the setting says nothing.
create function edge.entitlement(name text) returns integer
language sql stable security definer set search_path = ''
as $$ select coalesce((edge.setting(name) ->> edge.tier(edge.uid()))::int, 0) $$;

-- Refuses more than the person is entitled to: `OR402 subscription_required` where PREMIUM would allow it, else
-- `OR409 limit_reached`.
create function edge.demand(name text, wanted integer) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if demand.wanted <= edge.entitlement(demand.name) then
    return;
  elsif demand.wanted <= (edge.setting(demand.name) ->> 'PREMIUM')::int then
    raise exception using errcode = 'OR402', message = 'subscription_required';
  end if;
  raise exception using errcode = 'OR409', message = 'limit_reached';
end
$$;

-- Takes an event of Stripe: {id, type, created_at, is_live, customer, user_id, subscription}, where `subscription` is {id,
-- status, period_start, period_end, is_ending} or null. Outcomes: `applied`; `outdated` (a later one was there);
-- `duplicate`; `ignored`.
create function edge.stripe_event(event jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  told constant jsonb := nullif(event -> 'subscription', 'null');
  moment constant timestamptz := event ->> 'created_at';
  person uuid := (select u.id from public.users u where u.id = (event ->> 'user_id')::uuid);
  rank constant integer := (event ->> 'type' <> 'customer.subscription.created')::int * 10
    + coalesce(array_position(array['trialing', 'active', 'past_due', 'unpaid', 'paused'], told ->> 'status'), 0);
  ended constant text[] := array['canceled', 'incomplete_expired'];
  is_applied boolean;
begin
  insert into public.webhook_deliveries (source, delivery_id, event)
  values ('stripe', event ->> 'id', event ->> 'type')
  on conflict do nothing;
  if not found then
    return jsonb_build_object('outcome', 'duplicate');
  elsif event ->> 'customer' is null then
    return jsonb_build_object('outcome', 'ignored');
  end if;

  insert into public.stripe_customers as c (customer, user_id, linked_at, linked_by)
  values (event ->> 'customer', person, case when person is not null then moment end,
    case when person is not null then event ->> 'id' end)
  on conflict (customer) do update
  set user_id = excluded.user_id, linked_at = excluded.linked_at, linked_by = excluded.linked_by
  where excluded.user_id is not null
    and (c.user_id is null or (excluded.linked_at, excluded.linked_by) > (c.linked_at, c.linked_by));
  is_applied := found;

  if told is not null then
    insert into public.user_subscriptions as s (
      subscription, customer, status, period_start, period_end, is_ending, is_live, event_at, event_rank, event_id)
    values (told ->> 'id', event ->> 'customer', told ->> 'status', (told ->> 'period_start')::timestamptz,
      (told ->> 'period_end')::timestamptz, (told ->> 'is_ending')::boolean, (event ->> 'is_live')::boolean, moment, rank,
      event ->> 'id')
    on conflict (subscription) do update
    set customer = excluded.customer, status = excluded.status, period_start = excluded.period_start,
      period_end = excluded.period_end, is_ending = excluded.is_ending, is_live = excluded.is_live,
      event_at = excluded.event_at, event_rank = excluded.event_rank, event_id = excluded.event_id, updated_at = edge.now()
    where (excluded.status = any (ended), excluded.event_at, excluded.event_rank, excluded.period_end is not null,
        coalesce(excluded.period_end, '-infinity'), excluded.event_id)
      > (s.status = any (ended), s.event_at, s.event_rank, s.period_end is not null,
        coalesce(s.period_end, '-infinity'), s.event_id);
    is_applied := is_applied or found;
  end if;
  if not is_applied then
    return jsonb_build_object('outcome', 'outdated');
  end if;

  select c.user_id into person from public.stripe_customers c where c.customer = event ->> 'customer';
  -- What the person sees of their account has changed, and so must its ETag.
  update public.users u set updated_at = edge.now() where u.id = person;
  perform edge.audit_as(person, 'subscriptions.changed',
    jsonb_strip_nulls(jsonb_build_object('event', event ->> 'id', 'status', told ->> 'status')));
  return jsonb_build_object('outcome', 'applied');
end
$$;

-- The tier of the person of this request, why, and what it entitles to.
create function edge.my_subscription() returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'tier', edge.tier(u.id),
    'is_granted', u.tier = 'PREMIUM',
    'subscription', (
      select jsonb_build_object('status', s.status, 'period_end', s.period_end, 'is_ending', s.is_ending,
        'entitled_until', edge.entitled_until(s))
      from public.user_subscriptions s join public.stripe_customers c on c.customer = s.customer
      where c.user_id = u.id
      order by edge.entitled_until(s) desc nulls last, s.event_at desc
      limit 1),
    'entitlements', (
      select jsonb_agg(jsonb_build_object('name', s.key, 'allowed', edge.entitlement(s.key),
        'premium', (s.value ->> 'PREMIUM')::int) order by s.key)
      from public.settings s where s.value ?& array['FREE', 'PREMIUM'] and not s.is_secret))
  from public.users u where u.id = edge.uid()
$$;

-- Writes once to people whose entitlement ends within `subscription_notice_days`, an unpaid one at once, and logs what has
-- ended. Returns `ok` {noticed, ended, more}. The letters are left to the next tick.
create function edge.expire_subscriptions(batch integer default 100) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  notice constant interval := make_interval(days => (edge.setting('subscription_notice_days') #>> '{}')::int);
  due record;
  noticed integer := 0;
  ended integer := 0;
  seen integer := 0;
begin
  for due in
    select s.subscription, e.until, e.until <= edge.now() as is_over, u.id, u.email, u.locale, u.time_zone,
      -- Somebody who stays PREMIUM loses nothing.
      u.tier = 'PREMIUM' or exists (
        select from public.user_subscriptions o join public.stripe_customers oc on oc.customer = o.customer
        where oc.user_id = u.id and edge.entitled_until(o) > e.until) as stays
    from public.user_subscriptions s
    join public.stripe_customers c on c.customer = s.customer
    join public.users u on u.id = c.user_id and u.deleted_at is null,
      lateral (select edge.entitled_until(s) as until) as e
    where (e.until <= edge.now() and s.logged_end is distinct from e.until)
      or (e.until > edge.now() and s.noticed_end is distinct from e.until
        and (s.status = 'past_due'
          or (e.until <= edge.now() + notice and (s.is_ending or s.period_end <= edge.now()))))
    order by e.until, s.subscription
    limit expire_subscriptions.batch
    for update of s skip locked
  loop
    seen := seen + 1;
    update public.user_subscriptions s
    set logged_end = case when due.is_over then due.until else s.logged_end end,
      noticed_end = case when due.is_over then s.noticed_end else due.until end
    where s.subscription = due.subscription;
    if due.is_over then
      ended := ended + 1;
      update public.users u set updated_at = edge.now() where u.id = due.id;
      perform edge.audit_as(due.id, 'subscriptions.ended', jsonb_build_object('ended_at', due.until));
    elsif not due.stays then
      noticed := noticed + 1;
      perform edge.mail(due.id, 'subscription_ending', due.email, due.locale,
        about => to_char(due.until at time zone due.time_zone,
          case due.locale when 'fr' then 'DD/MM/YYYY' else 'YYYY-MM-DD' end));
    end if;
  end loop;
  return jsonb_build_object('outcome', 'ok', 'noticed', noticed, 'ended', ended,
    'more', seen >= expire_subscriptions.batch);
end
$$;

-- A letter may be about something that has a name or a day: `{about}` in its words.
drop function edge.mail(uuid, text, text, text, text);
create function edge.mail(
  person uuid, template text, recipient text, locale text, link text default null, about text default null
) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  insert into public.outbox (user_id, kind, payload, sealed, attempts, next_attempt_at, claimed_by)
  values (mail.person, 'mail', jsonb_build_object('template', mail.template),
    jsonb_strip_nulls(jsonb_build_object('to', mail.recipient, 'locale', mail.locale, 'link', mail.link, 'about', mail.about)),
    1, edge.now() + interval '1 minute', edge.claim('request_id'))
  returning jsonb_build_object('id', id, 'kind', kind, 'payload', payload || sealed)
$$;

create or replace function edge.person_json(person public.users) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', person.id, 'email', person.email, 'name', person.name, 'phone', person.phone, 'country', person.country,
    'role', person.role, 'tier', coalesce(edge.tier(person.id), person.tier), 'locale', person.locale,
    'time_zone', person.time_zone,
    'email_verified_at', person.email_verified_at, 'registration_date', person.registration_date,
    'login_count', person.login_count, 'last_login_at', person.last_login_at,
    'version', person.version, 'created_at', person.created_at, 'updated_at', person.updated_at)
$$;

create or replace function edge.quota(kind text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  with person as (
    select u.time_zone, (edge.now() at time zone u.time_zone)::date as today
    from public.users u where u.id = edge.uid()
  ),
  day as (
    select (p.today::timestamp at time zone p.time_zone) as starts_at,
      ((p.today + 1)::timestamp at time zone p.time_zone) as ends_at,
      edge.entitlement(
        case quota.kind when 'scene' then 'scenes_per_day' when 'pose' then 'poses_per_day' else 'audio_per_day' end)
        as allowed
    from person p
  ),
  usage as (
    select count(j.id)::int as used
    from day d
    left join public.jobs j
      on j.user_id = edge.uid() and j.created_at >= d.starts_at and j.kind = quota.kind and j.state <> 'failed'
  )
  select jsonb_build_object('limit', d.allowed, 'used', u.used, 'left', greatest(d.allowed - u.used, 0),
    'resets_at', d.ends_at)
  from day d, usage u
$$;

create or replace function edge.grimoire_profile() returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
  made jsonb;
begin
  select u.* into person from public.users u where u.id = edge.uid();
  select jsonb_build_object('scenes', s.n, 'poses', c.poses, 'sounds', c.sounds, 'total', s.n + c.poses + c.sounds) into made
  from (select count(*) as n from public.scenes where user_id = person.id and status = 'succeeded') s,
    (select count(*) filter (where kind = 'pose') as poses, count(*) filter (where kind = 'audio') as sounds
      from public.creations where user_id = person.id and status = 'succeeded') c;
  perform edge.audit('profile.read', jsonb_build_object('last_login_at', person.last_login_at, 'creations', made));
  return jsonb_build_object('id', person.id, 'email', person.email, 'name', person.name, 'role', person.role,
    'tier', edge.tier(person.id), 'locale', person.locale, 'time_zone', person.time_zone,
    'registration_date', person.registration_date, 'last_login_at', person.last_login_at,
    'login_count', person.login_count, 'creations', made);
end
$$;

grant execute on function edge.tier(uuid), edge.my_subscription() to authenticated;
grant execute on function edge.stripe_event(jsonb), edge.expire_subscriptions(integer) to service;

reset role;
