-- What people have paid for, as Stripe tells it, and the events that told it.
--
-- Stripe repeats its events and sends them in any order. So each is kept, and a subscription's row is computed from all of
-- them (`edge.subscription_history`): whatever order they arrive in, the row ends the same.
--
-- The tier of a person is not stored but computed (`edge.tier`), so that it ends by itself: what an administrator
-- granted (`users.tier`), or a subscription until `edge.entitled_until`.

create table public.user_subscriptions (
  subscription text primary key check (octet_length(subscription) between 1 and 255),
  customer text not null check (octet_length(customer) between 1 and 255),
  -- Who it is for, as its own events say, else who its customer is; null while nothing said so.
  user_id uuid references public.users (id) on delete cascade,
  -- Stripe's word. One that we do not know entitles to nothing.
  status text not null check (octet_length(status) between 1 and 40),
  period_start timestamptz,
  period_end timestamptz,
  -- It will not be renewed.
  is_ending boolean not null default false,
  -- Since when we know that a payment is due, and the end of a period that was paid all the same; null unless `past_due`.
  unpaid_since timestamptz,
  paid_until timestamptz,
  is_live boolean not null,
  -- The event that this is the state of.
  event_at timestamptz not null,
  event_id text not null check (octet_length(event_id) between 1 and 200),
  -- The end that the person has been written to about, and the one that is in the log.
  noticed_end timestamptz,
  logged_end timestamptz,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now()
);

create index user_subscriptions_user_idx on public.user_subscriptions (user_id);
create index user_subscriptions_customer_idx on public.user_subscriptions (customer);

alter table public.user_subscriptions enable row level security;
revoke all on public.user_subscriptions from public, anon, authenticated;

-- `state` is what the event says of the subscription, {status, period_start, period_end, is_ending}; null for a checkout,
-- which says only who it is for. `before` and `after` are what the event says that it changed, in Stripe's words; `before` is
-- null where it says nothing.
create table public.subscription_events (
  subscription text not null references public.user_subscriptions (subscription) on delete cascade,
  event_at timestamptz not null,
  event_id text not null check (octet_length(event_id) between 1 and 200),
  type text not null check (octet_length(type) between 1 and 200),
  -- Who the subscription is for, where the event says so.
  named uuid references public.users (id) on delete cascade,
  state jsonb check (octet_length(state::text) <= 1000),
  before jsonb check (octet_length(before::text) <= 1000),
  after jsonb check (octet_length(after::text) <= 1000),
  received_at timestamptz not null default edge.now(),
  primary key (subscription, event_at, event_id)
);

create index subscription_events_named_idx on public.subscription_events (named);
create index subscription_events_received_idx on public.subscription_events (received_at);

alter table public.subscription_events enable row level security;
revoke all on public.subscription_events from public, anon, authenticated;
