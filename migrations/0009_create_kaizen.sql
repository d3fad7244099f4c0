-- Kaizen: one small improvement a day. People reach their rows directly; row level security is the access control.
--
-- `client_id` is the identity that a device gave the entry while offline. `date` is the person's own day. A deleted
-- entry stays as a tombstone for the other devices.

create table public.kaizen (
  id bigint generated always as identity primary key,
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  action text not null,
  date date not null default edge.today(),
  completed boolean not null default false,
  completed_at timestamptz,
  client_id uuid,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  deleted_at timestamptz,
  constraint kaizen_action_length check (char_length(action) between 1 and 500),
  constraint kaizen_date_range check (date between '2000-01-01' and '2199-12-31'),
  constraint kaizen_completed_at_given check (completed = (completed_at is not null)),
  constraint kaizen_client_id_key unique (user_id, client_id)
);

-- Serves the history (newest first, id as tie-break) and, because `completed` is in the index, the streak without
-- touching the table.
create index idx_kaizen_user_date on public.kaizen (user_id, date, id) include (completed) where deleted_at is null;

set role edge_owner;

create function edge.keep_kaizen_completion() returns trigger
language plpgsql
as $$
begin
  new.completed_at := case when new.completed then coalesce(new.completed_at, edge.now()) end;
  return new;
end
$$;

reset role;

create trigger kaizen_completion before insert or update on public.kaizen
  for each row execute function edge.keep_kaizen_completion();
create trigger kaizen_touch before update on public.kaizen for each row execute function edge.touch();

alter table public.kaizen enable row level security;
revoke all on public.kaizen from public, anon, authenticated;
grant select, insert (user_id, action, date, completed, completed_at, client_id),
  update (action, date, completed, completed_at, deleted_at) on public.kaizen to authenticated;
grant select, insert, update, delete on public.kaizen to service, edge_owner;
create policy kaizen_owner on public.kaizen for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy kaizen_service on public.kaizen for all to service, edge_owner using (true) with check (true);
