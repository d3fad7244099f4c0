-- What must reach the outside world: written in the transaction that causes it, sent afterwards, retried until it has
-- arrived or is given up, with a log of every attempt.
--
-- There is no separate lease. Claiming a row counts the attempt and moves `next_attempt_at` one minute ahead, so a
-- sender that dies is followed by the next one. A row that its own request will send at once is written as claimed.
-- `subject` makes one cause one row. Payloads hold no personal data.

create table public.outbox (
  id bigint generated always as identity primary key,
  user_id uuid references public.users (id) on delete set null,
  kind text not null check (kind in ('discord')),
  subject text check (octet_length(subject) <= 200),
  payload jsonb not null check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 65536),
  attempts integer not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null default edge.now(),
  claimed_by text check (octet_length(claimed_by) <= 100),
  delivered_at timestamptz,
  dead_at timestamptz,
  last_error text check (char_length(last_error) <= 2000),
  created_at timestamptz not null default edge.now(),
  constraint outbox_subject_key unique (kind, subject),
  constraint outbox_one_end check (delivered_at is null or dead_at is null)
);

create index outbox_due_idx on public.outbox (next_attempt_at, id) where delivered_at is null and dead_at is null;
create index outbox_user_idx on public.outbox (user_id) where user_id is not null;
create index outbox_created_idx on public.outbox (created_at);

create table public.outbox_deliveries (
  id bigint generated always as identity primary key,
  outbox_id bigint not null references public.outbox (id) on delete cascade,
  attempt integer not null,
  outcome text not null check (outcome in ('delivered', 'retry', 'dead')),
  http_status integer check (http_status between 100 and 599),
  error text check (char_length(error) <= 2000),
  duration_ms integer check (duration_ms >= 0),
  created_at timestamptz not null default edge.now()
);

create index outbox_deliveries_outbox_idx on public.outbox_deliveries (outbox_id, id);

alter table public.outbox enable row level security;
revoke all on public.outbox from public, anon, authenticated;
grant select on public.outbox to service;
grant select, insert, update, delete on public.outbox to edge_owner;
create policy outbox_service on public.outbox for select to service using (true);
create policy outbox_edge_owner on public.outbox for all to edge_owner using (true) with check (true);

alter table public.outbox_deliveries enable row level security;
revoke all on public.outbox_deliveries from public, anon, authenticated;
grant select on public.outbox_deliveries to service;
grant select, insert, delete on public.outbox_deliveries to edge_owner;
create policy outbox_deliveries_service on public.outbox_deliveries for select to service using (true);
create policy outbox_deliveries_edge_owner on public.outbox_deliveries for all to edge_owner
  using (true) with check (true);

set role edge_owner;

-- Writes a row for the current request to send. Null when this cause has been written before.
create function edge.outbox_add(person uuid, kind text, subject text, payload jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  insert into public.outbox (user_id, kind, subject, payload, attempts, next_attempt_at, claimed_by)
  values (person, outbox_add.kind, outbox_add.subject, outbox_add.payload, 1, edge.now() + interval '1 minute',
    edge.claim('request_id'))
  on conflict do nothing
  returning jsonb_build_object('id', id, 'kind', kind, 'payload', payload)
$$;

-- Due rows, oldest first, claimed for one minute. Rows whose eighth sender died are given up here.
create function edge.outbox_claim(max integer default 20, worker text default null)
returns table (id bigint, kind text, payload jsonb, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  with due as (
    select o.id
    from public.outbox o
    where o.delivered_at is null and o.dead_at is null and o.next_attempt_at <= edge.now()
    order by o.next_attempt_at, o.id
    limit least(outbox_claim.max, 100)
    for update skip locked
  ),
  claimed as (
    update public.outbox o
    set attempts = o.attempts + (o.attempts < 8)::int,
      next_attempt_at = edge.now() + interval '1 minute',
      claimed_by = outbox_claim.worker,
      dead_at = case when o.attempts >= 8 then edge.now() end
    from due
    where o.id = due.id
    returning o.*
  )
  select c.id, c.kind, c.payload, c.attempts from claimed c where c.dead_at is null order by c.id
$$;

create function edge.outbox_claim_one(id bigint, worker text default null)
returns table (id bigint, kind text, payload jsonb, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  update public.outbox o
  set attempts = o.attempts + 1, next_attempt_at = edge.now() + interval '1 minute', claimed_by = outbox_claim_one.worker
  where o.id = outbox_claim_one.id and o.attempts < 8 and o.next_attempt_at <= edge.now()
    and o.delivered_at is null and o.dead_at is null
  returning o.id, o.kind, o.payload, o.attempts
$$;

-- Records an attempt. Waits between attempts: 1 minute, tripled each time up to 12 hours, give or take a fifth so that
-- rows which failed together do not return together, and never less than the receiver asked for.
create function edge.outbox_settle(
  id bigint, outcome text,
  http_status integer default null, error text default null, retry_after_s integer default null,
  duration_ms integer default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  entry public.outbox;
  result text := outbox_settle.outcome;
  wait interval;
begin
  if result not in ('delivered', 'retry', 'dead') then
    raise exception using errcode = 'OR422', message = 'outbox_outcome_unknown';
  end if;
  select o.* into entry
  from public.outbox o
  where o.id = outbox_settle.id and (edge.is_service() or o.user_id = edge.uid())
  for update;
  if entry.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif entry.delivered_at is not null or entry.dead_at is not null then
    return jsonb_build_object('outcome', 'unchanged');
  end if;

  if result = 'retry' and entry.attempts >= 8 then
    result := 'dead';
  end if;
  wait := make_interval(secs => greatest(
    least(60 * 3 ^ (greatest(entry.attempts, 1) - 1), 43200) * (0.8 + 0.4 * random()), outbox_settle.retry_after_s));

  insert into public.outbox_deliveries (outbox_id, attempt, outcome, http_status, error, duration_ms)
  values (entry.id, entry.attempts, result, outbox_settle.http_status, left(outbox_settle.error, 2000),
    outbox_settle.duration_ms);
  update public.outbox o
  set delivered_at = case when result = 'delivered' then edge.now() end,
    dead_at = case when result = 'dead' then edge.now() end,
    next_attempt_at = case when result = 'retry' then edge.now() + wait else o.next_attempt_at end,
    last_error = case when result = 'delivered' then null else left(outbox_settle.error, 2000) end
  where o.id = entry.id
  returning o.* into entry;
  return jsonb_build_object('outcome', result)
    || case when result = 'retry' then jsonb_build_object('next_attempt_at', entry.next_attempt_at) else '{}' end;
end
$$;

grant execute on function edge.outbox_claim(integer, text), edge.outbox_claim_one(bigint, text) to service;
grant execute on function edge.outbox_settle(bigint, text, integer, text, integer, integer) to authenticated, service;

reset role;
