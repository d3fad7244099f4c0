-- People reach their rows directly, and row level security is the access control. They add sessions, change what they
-- say about them but not when they were, and leave a tombstone (`deleted_at`).

grant select,
  insert ("timestamp", ended_at, date, triggered_by, notes, mood_before, mood_after, client_id, first),
  update (triggered_by, notes, mood_before, mood_after, deleted_at) on public.zazen_sessions to authenticated;
grant select, insert, update, delete on public.zazen_sessions to service, edge_owner;

create policy zazen_sessions_owner on public.zazen_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy zazen_sessions_service on public.zazen_sessions for all to service, edge_owner
  using (true) with check (true);

create trigger zazen_sessions_touch before update on public.zazen_sessions
  for each row execute function edge.touch();

-- example:
-- insert into public.zazen_sessions (user_id, "timestamp", ended_at, date, mood_before, mood_after)
-- values ($1, edge.now() - interval '20 minutes', edge.now(), edge.today(), 2, 4)
