-- People reach their rows directly, and row level security is the access control. They add entries, change them and
-- leave a tombstone (`deleted_at`); nobody but `service` and `edge_owner` deletes a row.

grant select, insert (user_id, action, date, completed, completed_at, client_id, first),
  update (action, date, completed, completed_at, deleted_at) on public.kaizen to authenticated;
grant select, insert, update, delete on public.kaizen to service, edge_owner;

create policy kaizen_owner on public.kaizen for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy kaizen_service on public.kaizen for all to service, edge_owner using (true) with check (true);

create trigger kaizen_completion before insert or update on public.kaizen
  for each row execute function edge.keep_kaizen_completion();
create trigger kaizen_touch before update on public.kaizen for each row execute function edge.touch();

-- example:
-- insert into public.kaizen (user_id, action, completed) values ($1, 'ranger le bureau', true)
