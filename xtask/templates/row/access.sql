-- People reach their rows directly, and row level security is the access control. They add rows, change them and leave a
-- tombstone (`deleted_at`); nobody but `service` and `edge_owner` deletes a row.

grant select, insert (user_id, text, client_id, first), update (text, deleted_at) on public.__table__ to authenticated;
grant select, insert, update, delete on public.__table__ to service, edge_owner;

create policy __table___owner on public.__table__ for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy __table___service on public.__table__ for all to service, edge_owner using (true) with check (true);

create trigger __table___touch before update on public.__table__ for each row execute function edge.touch();

-- example:
-- insert into public.__table__ (user_id, text) values ($1, 'merci')
