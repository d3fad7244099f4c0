-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.bubble_beat_sessions to authenticated, service, edge_owner;

create policy bubble_beat_sessions_owner on public.bubble_beat_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy bubble_beat_sessions_service on public.bubble_beat_sessions for all to service, edge_owner using (true) with check (true);

create trigger bubble_beat_sessions_touch before update on public.bubble_beat_sessions for each row execute function edge.touch();

-- example:
-- insert into public.bubble_beat_sessions (user_id, started_at, date)
-- values ($1, edge.now() - interval '20 minutes', edge.today())
