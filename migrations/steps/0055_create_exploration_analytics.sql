-- What people who consent do in Aube: events of a few types, with no answer in any of them.
--
-- `client_id` is the event's identity on its device. `properties` are those that its type has. `consent_version` is that of the text
-- to which the person agreed when the event was taken.

create table public.exploration_analytics (
  id bigint generated always as identity primary key,
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  client_id uuid not null,
  type text not null check (type ~ '^[a-z_]{3,40}$'),
  occurred_at timestamptz not null,
  properties jsonb not null default '{}',
  consent_version integer not null,
  created_at timestamptz not null default edge.now(),
  constraint exploration_analytics_client_id_key unique (user_id, client_id)
);

create index exploration_analytics_created_idx on public.exploration_analytics (created_at);

alter table public.exploration_analytics enable row level security;
revoke all on public.exploration_analytics from public, anon, authenticated;
revoke all on sequence public.exploration_analytics_id_seq from public, anon, authenticated;
