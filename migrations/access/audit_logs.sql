-- People see of the log what they did and when, not with whom it was and from where a request came that named them:
-- both can be somebody else's. `service` reads all of it; functions of `edge_owner` add rows and purge old ones.

grant select (id, user_id, action, "timestamp") on public.audit_logs to authenticated;
grant select on public.audit_logs to service;
-- Locking a row needs the right to update it; the trigger below still refuses every update.
grant select, insert, update, delete on public.audit_logs to edge_owner;

create policy audit_logs_owner on public.audit_logs for select to authenticated
  using ((select edge.uid()) = user_id);
create policy audit_logs_service on public.audit_logs for select to service using (true);
create policy audit_logs_edge_owner on public.audit_logs for all to edge_owner using (true) with check (true);

create trigger audit_logs_append_only before update or truncate on public.audit_logs
  for each statement execute function edge.refuse_change();

comment on column public.audit_logs."timestamp" is 'retention: setting';

-- example:
-- insert into public.audit_logs (user_id, action) values ($1, 'auth.login')
