-- Functions of `edge_owner` write, claim and settle messages; `service` reads them. People see no message;
-- administrators see them by functions alone.

grant select on public.outbox to service;
grant select, insert, update, delete on public.outbox to edge_owner;

create policy outbox_service on public.outbox for select to service using (true);
create policy outbox_edge_owner on public.outbox for all to edge_owner using (true) with check (true);

comment on column public.outbox.created_at is 'retention: setting';

-- example:
-- insert into public.outbox (user_id, kind, subject, payload)
-- values ($1, 'discord', 'example:' || gen_random_uuid(), '{"event": "scene.succeeded"}')
