-- The tier of a person at this moment, `FREE` or `PREMIUM`; null where there is no such person.
--
-- The tier is not stored but computed, so that it ends by itself: PREMIUM is what an administrator has granted
-- (`users.tier`), or a subscription until `edge.entitled_until`, its grace period included. A subscription neither gives nor
-- takes what was granted.
create or replace function edge.tier(person uuid) returns text
language sql stable security definer set search_path = ''
as $$
  select case
    when u.tier = 'PREMIUM' or exists (
      select from public.user_subscriptions s
      where s.user_id = u.id and edge.entitled_until(s) > edge.now())
    then 'PREMIUM' else 'FREE' end
  from public.users u where u.id = tier.person
$$;

grant execute on function edge.tier(uuid) to authenticated;
