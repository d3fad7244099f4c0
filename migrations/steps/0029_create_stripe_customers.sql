-- Who Stripe's customers are. Stripe repeats its events and sends them in any order, so the latest event that says who
-- a customer is decides, by its time and then its id, and never an address. A customer may pay for several people: who a
-- subscription is for is a matter of the subscription (`user_subscriptions.user_id`), and the customer's person is who it is
-- for where nothing said so.

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
