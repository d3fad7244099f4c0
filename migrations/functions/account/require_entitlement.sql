-- Refuses a person, by default that of this request, more of something than their tier allows.
--
-- An entitlement is a setting by tier, {"FREE": 10, "PREMIUM": 100}, and `name` is that setting; `wanted` is how many there
-- would be in all. A function that must not give more than somebody is entitled to calls `edge.require_entitlement`; nothing else is
-- needed. Raises `OR402 subscription_required` where PREMIUM would allow it, else `OR409 limit_reached`; where a
-- setting says nothing, nothing is allowed.
create or replace function edge.require_entitlement(name text, wanted integer, person uuid default edge.uid()) returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  allowed constant jsonb := edge.setting(require_entitlement.name);
begin
  if require_entitlement.wanted <= coalesce((allowed ->> edge.tier(require_entitlement.person))::int, 0) then
    return;
  elsif require_entitlement.wanted <= (allowed ->> 'PREMIUM')::int then
    raise exception using errcode = 'OR402', message = 'subscription_required';
  end if;
  raise exception using errcode = 'OR409', message = 'limit_reached';
end
$$;
