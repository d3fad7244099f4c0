-- People see their sessions, never a token's hash. `service` sees as much and revokes; functions of `edge_owner` open,
-- refresh and end sessions.

grant select (id, user_id, device, ip, created_at, refreshed_at, expires_at, revoked_at, revoked_because)
  on public.user_sessions to authenticated, service;
grant update (revoked_at, revoked_because) on public.user_sessions to service;
grant select, insert, update, delete on public.user_sessions to edge_owner;

create policy user_sessions_owner on public.user_sessions for select to authenticated
  using ((select edge.uid()) = user_id);
create policy user_sessions_service on public.user_sessions for all to service, edge_owner
  using (true) with check (true);

comment on column public.user_sessions.expires_at is 'retention: 30 days';

-- example:
-- insert into public.user_sessions (user_id, refresh_hash, expires_at)
-- values ($1, md5($1::uuid::text), edge.now() + interval '30 days')
