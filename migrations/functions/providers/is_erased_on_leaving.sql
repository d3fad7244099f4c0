-- Whether a provider's terms have everything erased when its owner leaves.
create or replace function edge.is_erased_on_leaving(provider public.provider_type) returns boolean
language sql stable security definer set search_path = ''
as $$
  select coalesce((select r.erased_on_leaving from public.data_use_rules r where r.origin = is_erased_on_leaving.provider::text), true)
$$;
