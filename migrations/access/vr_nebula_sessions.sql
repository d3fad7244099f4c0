-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.vr_nebula_sessions to authenticated, service, edge_owner;

create policy vr_nebula_sessions_owner on public.vr_nebula_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy vr_nebula_sessions_service on public.vr_nebula_sessions for all to service, edge_owner using (true) with check (true);

create trigger vr_nebula_sessions_touch before update on public.vr_nebula_sessions for each row execute function edge.touch();

-- example:
-- insert into public.vr_nebula_sessions (user_id, started_at, date, scene)
-- values ($1, edge.now() - interval '20 minutes', edge.today(), 'ocean')
