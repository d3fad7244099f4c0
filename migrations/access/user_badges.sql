-- People see their badges; only functions of `edge_owner` award them. `service` reads them.

grant select on public.user_badges to authenticated, service;
grant select, insert, update, delete on public.user_badges to edge_owner;

create policy user_badges_owner on public.user_badges for select to authenticated using ((select edge.uid()) = user_id);
create policy user_badges_service on public.user_badges for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.user_badges (user_id, rule, earned_on) values ($1, 'first_step', edge.today())
