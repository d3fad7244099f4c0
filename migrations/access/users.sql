-- People read their own row except the password hash, which only `edge_owner` reads, and change a few columns of it.
-- E-mail, role, tier, ban and counters change through functions or by `service`.

grant select (
  id, email, name, phone, country, role, tier, locale, time_zone, is_active, is_banned, login_count, last_login_at,
  email_verified_at, registration_date, version, created_at, updated_at, deleted_at, day_end_hour, held_day, held_until
) on public.users to authenticated, service;
grant update (name, phone, country, locale, time_zone, day_end_hour) on public.users to authenticated;
grant update (
  email, name, phone, country, role, tier, locale, time_zone, is_active, is_banned, email_verified_at, deleted_at,
  day_end_hour
) on public.users to service;
grant delete on public.users to service;
grant select, insert, update, delete on public.users to edge_owner;

create policy users_owner on public.users for all to authenticated
  using ((select edge.uid()) = id) with check ((select edge.uid()) = id);
create policy users_service on public.users for all to service, edge_owner using (true) with check (true);

-- A sign-in is no change that a client's If-Match should trip over.
create trigger users_touch before update on public.users
  for each row when (old.login_count = new.login_count) execute function edge.touch();
create trigger users_clock before update of time_zone, day_end_hour on public.users
  for each row
  when ((old.time_zone, old.day_end_hour) is distinct from (new.time_zone, new.day_end_hour))
  execute function edge.keep_clock();

-- example: made by the law itself
