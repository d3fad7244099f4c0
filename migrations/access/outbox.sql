-- Functions of `edge_owner` write, claim and settle messages; `service` reads them. People see no message;
-- administrators see them by functions alone.

grant select on public.outbox to service;
grant select, insert, update, delete on public.outbox to edge_owner;

create policy outbox_service on public.outbox for select to service using (true);
create policy outbox_edge_owner on public.outbox for all to edge_owner using (true) with check (true);

create trigger outbox_revocation after update of delivered_at, dead_at on public.outbox
  for each row when (new.kind = 'provider_revoke' and (new.delivered_at is not null or new.dead_at is not null))
  execute function edge.note_revocation();

comment on column public.outbox.created_at is 'retention: setting';

-- example:
-- insert into public.outbox (user_id, kind, subject, payload)
-- values ($1, 'discord', 'example:' || gen_random_uuid(), '{"event": "scene.succeeded"}')
