-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.music_sessions to authenticated, service, edge_owner;

create policy music_sessions_owner on public.music_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy music_sessions_service on public.music_sessions for all to service, edge_owner using (true) with check (true);

create trigger music_sessions_touch before update on public.music_sessions for each row execute function edge.touch();

-- example:
-- insert into public.music_sessions (user_id, started_at, date, tracks_played)
-- values ($1, edge.now() - interval '20 minutes', edge.today(), '["track-1"]')
