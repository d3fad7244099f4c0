-- People see theirs; only functions of `edge_owner` award them.

grant select on public.badges to authenticated;
grant select, insert, update, delete on public.badges to service, edge_owner;

create policy badges_owner on public.badges for select to authenticated using ((select edge.uid()) = user_id);
create policy badges_service on public.badges for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.badges (user_id, achievement_id, name, description) values ($1, 'first-step', 'Premier pas', 'Une première séance.')
