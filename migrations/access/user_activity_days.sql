-- Made by `edge.roll_up_activities`; people read their own, and take out of it what they delete.

grant select, update, delete on public.user_activity_days to authenticated;
grant select, insert, update, delete on public.user_activity_days to service, edge_owner;

create policy user_activity_days_owner on public.user_activity_days for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy user_activity_days_service on public.user_activity_days for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.user_activity_days (user_id, date, module_name, activities, timed, duration_seconds)
-- values ($1, edge.today() - 100, 'meditation_sessions', 2, 2, 1200)
