-- How much of something the tier of the person of this request allows; 0 where the setting says nothing.
--
-- `name` is a setting by tier, {"FREE": 10, "PREMIUM": 100}.
create or replace function edge.entitlement(name text) returns integer
language sql stable security definer set search_path = ''
as $$ select coalesce((edge.setting(name) ->> edge.tier(edge.uid()))::int, 0) $$;
