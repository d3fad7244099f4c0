-- People see theirs; only functions of `edge_owner` award them.

grant select on public.user_achievements to authenticated;
grant select, insert, update, delete on public.user_achievements to service, edge_owner;

create policy user_achievements_owner on public.user_achievements for select to authenticated using ((select edge.uid()) = user_id);
create policy user_achievements_service on public.user_achievements for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.user_achievements (user_id, achievement_id) values ($1, 'first-step')
