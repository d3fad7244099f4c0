-- Every attempt to deliver a message of `outbox`, and how it ended.

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

alter table public.outbox_deliveries enable row level security;
revoke all on public.outbox_deliveries from public, anon, authenticated;
revoke all on sequence public.outbox_deliveries_id_seq from public, anon, authenticated;
