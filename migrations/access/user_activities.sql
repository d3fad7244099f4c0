-- People add what they did, and delete it with the history of a module. Nobody changes a row.

grant select, delete, insert (id, client_id, activity_type, module_name, activity_data, duration_seconds, session_id, occurred_at, date, month)
  on public.user_activities to authenticated;
grant select, insert, delete on public.user_activities to service, edge_owner;

create policy user_activities_owner on public.user_activities for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy user_activities_service on public.user_activities for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.user_activities (user_id, activity_type, module_name, duration_seconds, date, month)
-- values ($1, 'session_completed', 'meditation_sessions', 600, edge.today(), extract(month from edge.today()))
