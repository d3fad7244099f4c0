-- People add their events, see and delete them. What is older than the retention goes.

grant select, delete, insert (client_id, type, occurred_at, properties, consent_version) on public.exploration_analytics to authenticated;
grant select, insert, update, delete on public.exploration_analytics to service, edge_owner;

create policy exploration_analytics_owner on public.exploration_analytics for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy exploration_analytics_service on public.exploration_analytics for all to service, edge_owner using (true) with check (true);

comment on column public.exploration_analytics.created_at is 'retention: setting';

-- example:
-- insert into public.exploration_analytics (user_id, client_id, type, occurred_at, consent_version)
-- values ($1, gen_random_uuid(), 'result_opened', edge.now(), 1)
