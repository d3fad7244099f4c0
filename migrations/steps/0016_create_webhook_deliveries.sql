-- Deliveries that webhooks have made, so that a repeated one is answered without being worked on twice.

create table public.webhook_deliveries (
  source text not null check (source ~ '^[a-z][a-z0-9_-]{0,40}$'),
  delivery_id text not null check (octet_length(delivery_id) between 1 and 200),
  event text check (octet_length(event) <= 200),
  received_at timestamptz not null default edge.now(),
  primary key (source, delivery_id)
);

create index webhook_deliveries_received_idx on public.webhook_deliveries (received_at);

alter table public.webhook_deliveries enable row level security;
revoke all on public.webhook_deliveries from public, anon, authenticated;
