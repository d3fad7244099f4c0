-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.screen_silk_sessions to authenticated, service, edge_owner;

create policy screen_silk_sessions_owner on public.screen_silk_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy screen_silk_sessions_service on public.screen_silk_sessions for all to service, edge_owner using (true) with check (true);

create trigger screen_silk_sessions_touch before update on public.screen_silk_sessions for each row execute function edge.touch();

-- example:
-- insert into public.screen_silk_sessions (user_id, started_at, date)
-- values ($1, edge.now() - interval '20 minutes', edge.today())
