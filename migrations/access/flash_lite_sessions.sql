-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.flash_lite_sessions to authenticated, service, edge_owner;

create policy flash_lite_sessions_owner on public.flash_lite_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy flash_lite_sessions_service on public.flash_lite_sessions for all to service, edge_owner using (true) with check (true);

create trigger flash_lite_sessions_touch before update on public.flash_lite_sessions for each row execute function edge.touch();

-- example:
-- insert into public.flash_lite_sessions (user_id, started_at, date, mode)
-- values ($1, edge.now() - interval '20 minutes', edge.today(), 'quick')
