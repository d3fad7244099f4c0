-- A person's own: they have them written, show them by a link and delete them; nobody changes a text. `service` opens a link.

grant select, delete, insert (session_id, number, title, paragraphs), update (link_id) on public.stories to authenticated;
grant select, insert, update, delete on public.stories to service, edge_owner;

create policy stories_owner on public.stories for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy stories_service on public.stories for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.stories (user_id, session_id, number, title, paragraphs)
-- select $1, s.id, 1, 'Un titre', '["Un paragraphe."]' from public.story_sessions s where s.user_id = $1 limit 1
