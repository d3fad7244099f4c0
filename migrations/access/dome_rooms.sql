-- People see those that they opened; whoever has the id of one sees it through `edge.dome_room`, and only functions of `edge_owner` write.

grant select on public.dome_rooms to authenticated;
grant select, insert, update, delete on public.dome_rooms to service, edge_owner;

create policy dome_rooms_owner on public.dome_rooms for select to authenticated using ((select edge.uid()) = user_id);
create policy dome_rooms_service on public.dome_rooms for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.dome_rooms (user_id, seats) values ($1, 4)
