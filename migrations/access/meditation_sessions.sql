-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.meditation_sessions to authenticated, service, edge_owner;

create policy meditation_sessions_owner on public.meditation_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy meditation_sessions_service on public.meditation_sessions for all to service, edge_owner using (true) with check (true);

create trigger meditation_sessions_touch before update on public.meditation_sessions for each row execute function edge.touch();

-- example:
-- insert into public.meditation_sessions (user_id, started_at, date, technique, duration)
-- values ($1, edge.now() - interval '20 minutes', edge.today(), 'mindfulness', 600)
