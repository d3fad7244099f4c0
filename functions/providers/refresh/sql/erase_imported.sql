-- Erases what was imported from providers that people have left, a bounded number of rows per call; says whether there may be more.
--
-- Whatever table has a person and an `origin` is among them on arrival. Rows that came after the order (the person is connected again) stay.
create or replace function edge.erase_imported(batch integer) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  c public.provider_connections;
  relation text;
  gone integer;
  rest integer := erase_imported.batch;
begin
  for c in
    select p.* from public.provider_connections p where p.erase_due_at <= edge.now()
    order by p.erase_due_at limit 100 for update skip locked
  loop
    for relation in
      select r.relname from pg_catalog.pg_attribute a
      join pg_catalog.pg_class r on r.oid = a.attrelid and r.relkind in ('r', 'p') and not r.relispartition
      where r.relnamespace = 'public'::regnamespace and not a.attisdropped and a.attname in ('origin', 'user_id', 'fetched_at')
        and pg_catalog.has_table_privilege(a.attrelid, 'delete')
      group by r.relname having count(*) = 3
    loop
      execute format('delete from public.%1$I where ctid = any (array(
        select t.ctid from public.%1$I t where t.user_id = $1 and t.origin = $2 and t.fetched_at <= $3 limit $4))', relation)
      using c.user_id, c.provider::text, c.erase_due_at, rest;
      get diagnostics gone = row_count;
      rest := rest - gone;
      if rest <= 0 then
        return true;
      end if;
    end loop;
    update public.provider_connections p
    set erase_due_at = null,
      provider_user_id = case when p.status <> 'disconnected' then p.provider_user_id end
    where p.id = c.id;
  end loop;
  return false;
end
$$;

grant execute on function edge.erase_imported(integer) to service;
