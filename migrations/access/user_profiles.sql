-- People read their own profile here and nobody else's: the directory of public profiles is a function, because it
-- shows some columns and not others. Only functions of `edge_owner` write; `service` reads.

grant select on public.user_profiles to authenticated, service;
grant select, insert, update, delete on public.user_profiles to edge_owner;

create policy user_profiles_owner on public.user_profiles for select to authenticated
  using ((select edge.uid()) = user_id);
create policy user_profiles_service on public.user_profiles for all to service, edge_owner
  using (true) with check (true);

-- example:
-- insert into public.user_profiles (user_id, display_name, preferences) values ($1, 'Camille', '{"theme": "dark"}')
