-- Trigger for tables that only grow: it raises `OR409 append_only`.

create or replace function edge.refuse_change() returns trigger
language plpgsql
as $$
begin
  raise exception using errcode = 'OR409', message = 'append_only', table = tg_table_name, schema = tg_table_schema;
end
$$;
