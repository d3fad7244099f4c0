-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.ar_filter_sessions to authenticated, service, edge_owner;

create policy ar_filter_sessions_owner on public.ar_filter_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy ar_filter_sessions_service on public.ar_filter_sessions for all to service, edge_owner using (true) with check (true);

create trigger ar_filter_sessions_touch before update on public.ar_filter_sessions for each row execute function edge.touch();

-- example:
-- insert into public.ar_filter_sessions (user_id, started_at, date, filter)
-- values ($1, edge.now() - interval '20 minutes', edge.today(), 'aurora')
