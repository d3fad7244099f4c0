-- Lists the organisations of the person of this request, by name.
--
-- Each is as `edge.organisation_json` has it.
create or replace function edge.list_organisations() returns setof jsonb
language sql stable security definer set search_path = ''
as $$
  select edge.organisation_json(o)
  from public.organisation_members m join public.organisations o on o.id = m.organisation_id
  where m.user_id = edge.uid()
  order by o.name, o.id
$$;

grant execute on function edge.list_organisations() to authenticated;
