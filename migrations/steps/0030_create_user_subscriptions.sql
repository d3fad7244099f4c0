-- What people have paid for, as Stripe tells it.
--
-- Stripe repeats its events and sends them in any order. A subscription's row holds the state of its latest event, and
-- "latest" is a total order that is in the events themselves: an ended subscription stays ended; else the later
-- `created` wins, which counts whole seconds, so that within one second the further state wins, then the longer period,
-- then the id. Whatever order they arrive in, the row ends the same.
--
-- The tier of a person is not stored but computed (`edge.tier`), so that it ends by itself: what an administrator
-- granted (`users.tier`), or a subscription until `edge.entitled_until`.

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
