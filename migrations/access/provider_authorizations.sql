-- Functions of `edge_owner` write and read them: what is here leads to somebody's account at a provider.

grant select, insert, update, delete on public.provider_authorizations to edge_owner;
grant select, delete on public.provider_authorizations to service;

create policy provider_authorizations_edge_owner on public.provider_authorizations for all to edge_owner
  using (true) with check (true);
create policy provider_authorizations_service on public.provider_authorizations for all to service
  using (true) with check (true);

comment on column public.provider_authorizations.expires_at is 'retention: 1 day';

-- example:
-- insert into public.provider_authorizations (state_hash, user_id, provider, return_url, expires_at)
-- values (encode(sha256(convert_to($1::uuid::text, 'UTF8')), 'hex'), $1::uuid, 'strava', 'http://localhost:3000/', edge.now() + interval '15 minutes')
