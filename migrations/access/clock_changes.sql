-- People and `service` read the history of clocks, people their own; the trigger on `users` writes it as `edge_owner`.

grant select on public.clock_changes to authenticated, service;
grant select, insert, update, delete on public.clock_changes to edge_owner;

create policy clock_changes_owner on public.clock_changes for select to authenticated
  using ((select edge.uid()) = user_id);
create policy clock_changes_service on public.clock_changes for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.clock_changes (user_id, day, ends_at, time_zone, day_end_hour, was_time_zone, was_day_end_hour)
-- values ($1, edge.today(), edge.now() + interval '8 hours', 'Europe/Paris', 4, 'Asia/Tokyo', 0)
