-- A person's own; what a session may become says `edge.session_next`.

grant select, insert, update, delete on public.story_sessions to authenticated, service, edge_owner;

create policy story_sessions_owner on public.story_sessions for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy story_sessions_service on public.story_sessions for all to service, edge_owner using (true) with check (true);

create trigger story_sessions_touch before update on public.story_sessions for each row execute function edge.touch();

-- example:
-- insert into public.story_sessions (user_id, started_at, date, theme, tone)
-- values ($1, edge.now() - interval '20 minutes', edge.today(), 'calme', 'apaisant')
