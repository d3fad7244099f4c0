-- People see what they decided and when; functions of `edge_owner` add decisions, and take them away with their person.
-- `service` reads them.

grant select on public.consents to authenticated, service;
-- Locking a row needs the right to update it; the trigger below still refuses every update.
grant select, insert, update, delete on public.consents to edge_owner;

create policy consents_owner on public.consents for select to authenticated using ((select edge.uid()) = user_id);
create policy consents_service on public.consents for select to service using (true);
create policy consents_edge_owner on public.consents for all to edge_owner using (true) with check (true);

create trigger consents_append_only before update or truncate on public.consents
  for each statement execute function edge.refuse_change();

-- example:
-- insert into public.consents (user_id, purpose, version, granted)
-- select $1, p.purpose, p.version, true from public.consent_purposes p where p.purpose = 'example'
