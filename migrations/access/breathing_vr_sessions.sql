-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.breathing_vr_sessions to authenticated, service, edge_owner;

create policy breathing_vr_sessions_owner on public.breathing_vr_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy breathing_vr_sessions_service on public.breathing_vr_sessions for all to service, edge_owner using (true) with check (true);

create trigger breathing_vr_sessions_touch before update on public.breathing_vr_sessions for each row execute function edge.touch();

-- example:
-- insert into public.breathing_vr_sessions (user_id, started_at, date, pattern, timing)
-- values ($1, edge.now() - interval '20 minutes', edge.today(), 'box', '{"in": 4, "hold": 4, "out": 4, "rest": 4}')
