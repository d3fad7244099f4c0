-- People see what they have uploaded; only functions of `edge_owner` add, keep and remove files. `service` reads them.

grant select (id, user_id, kind, media_type, bytes, state, upload_until, delete_after, created_at, updated_at, version)
  on public.files to authenticated;
grant select on public.files to service;
grant select, insert, update, delete on public.files to edge_owner;

create policy files_owner on public.files for select to authenticated using ((select edge.uid()) = user_id);
create policy files_service on public.files for select to service using (true);
create policy files_edge_owner on public.files for all to edge_owner using (true) with check (true);

-- A person who leaves takes their files along.
create trigger files_leave before update of user_id on public.files
  for each row when (new.user_id is null and old.user_id is not null) execute function edge.leave_file();
create trigger files_touch before update on public.files for each row execute function edge.touch();

-- example:
-- insert into public.files (user_id, kind, media_type, bytes, address, upload_until, delete_after)
-- values ($1, 'avatar', 'image/png', 1, 'storage://files/' || md5(gen_random_uuid()::text) || '/' || gen_random_uuid(),
--   edge.now() + interval '15 minutes', edge.now() + interval '1 hour')
