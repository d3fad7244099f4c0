-- Which of these addresses no row names.
create or replace function edge.files_unknown(addresses text[]) returns setof text
language sql stable security definer set search_path = ''
as $$
  select a.address from unnest(files_unknown.addresses) as a (address)
  where not exists (select from public.files f where f.address = a.address)
$$;

grant execute on function edge.files_unknown(text[]) to service;
