-- People see their scenes; functions of `edge_owner` make and change them. `service` reads and deletes them.

grant select on public.scenes to authenticated, service;
grant delete on public.scenes to service;
grant select, insert, update, delete on public.scenes to edge_owner;

create policy scenes_owner on public.scenes for select to authenticated using ((select edge.uid()) = user_id);
create policy scenes_service on public.scenes for all to service, edge_owner using (true) with check (true);

create trigger scenes_touch before update on public.scenes for each row execute function edge.touch();

-- example:
-- insert into public.scenes (user_id, world, era, class, pose, decor, job_id)
-- select j.user_id, 'Orée', 'aube', 'mage', 'debout', 'forêt', j.id from public.jobs j where j.user_id = $1
