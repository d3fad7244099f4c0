-- People see where their account is known from; only functions of `edge_owner` write it.

grant select on public.sign_in_sources to authenticated;
grant select, insert, update, delete on public.sign_in_sources to edge_owner;

create policy sign_in_sources_owner on public.sign_in_sources for select to authenticated
  using ((select edge.uid()) = user_id);
create policy sign_in_sources_edge_owner on public.sign_in_sources for all to edge_owner using (true) with check (true);

comment on column public.sign_in_sources.seen_at is 'retention: 90 days';

-- example:
-- insert into public.sign_in_sources (user_id, source) values ($1, '192.0.2.0')
