-- People see their poses and sounds; functions of `edge_owner` make and change them. `service` reads and deletes them.

grant select on public.creations to authenticated, service;
grant delete on public.creations to service;
grant select, insert, update, delete on public.creations to edge_owner;

create policy creations_owner on public.creations for select to authenticated using ((select edge.uid()) = user_id);
create policy creations_service on public.creations for all to service, edge_owner using (true) with check (true);

create trigger creations_touch before update on public.creations for each row execute function edge.touch();

-- example:
-- insert into public.creations (user_id, kind, input) values ($1, 'pose', '{"class": "mage", "pose": "debout"}')
