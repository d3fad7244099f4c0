-- People reach their rows directly: they set a week's target and change it, and delete none. `service` reads them.

grant select, insert (week, target), update (target) on public.weekly_targets to authenticated;
grant select on public.weekly_targets to service;
grant select, insert, update, delete on public.weekly_targets to edge_owner;

create policy weekly_targets_owner on public.weekly_targets for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy weekly_targets_service on public.weekly_targets for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.weekly_targets (user_id, week, target) values ($1, date '2026-01-05', 5)
