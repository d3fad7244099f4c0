-- People reach their links directly: they make them and take them back by deleting them. `service` opens the page of a link.

grant select, delete, insert (exploration_id, lang, expires_at) on public.career_links to authenticated;
grant select, insert, update, delete on public.career_links to service, edge_owner;

create policy career_links_owner on public.career_links for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy career_links_service on public.career_links for all to service, edge_owner using (true) with check (true);

comment on column public.career_links.expires_at is 'retention: 0 days';

-- example:
-- insert into public.career_links (exploration_id, user_id, lang, expires_at)
-- select e.id, $1, 'fr', edge.now() + interval '30 days' from public.career_explorations e where e.user_id = $1
