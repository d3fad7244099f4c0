-- People see their freezes and skips; functions of `edge_owner` place and give them up, because they count. `service`
-- reads them.

grant select on public.streak_freezes to authenticated, service;
grant select, insert, update, delete on public.streak_freezes to edge_owner;

create policy streak_freezes_owner on public.streak_freezes for select to authenticated
  using ((select edge.uid()) = user_id);
create policy streak_freezes_service on public.streak_freezes for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.streak_freezes (user_id, kind, from_day, to_day) values ($1, 'freeze', edge.today(), edge.today())
