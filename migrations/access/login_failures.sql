-- Only functions of `edge_owner` see and count failed sign-ins.

grant select, insert, update, delete on public.login_failures to edge_owner;

create policy login_failures_edge_owner on public.login_failures for all to edge_owner using (true) with check (true);

comment on column public.login_failures.failed_at is 'retention: 1 day';

-- example:
-- insert into public.login_failures (email_hash, ip, failures) values (md5($1::uuid::text), '192.0.2.0', 1)
