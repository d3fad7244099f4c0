-- Ends the upload of a file of the person of this request: keeps it, or lets it go where it is not what it was said to be.
--
-- Outcomes: `ok` {file}, kept already too; `file_is_other`; `not_found`, where it is leaving, or was not kept in time.
create or replace function edge.settle_file(id uuid, is_good boolean) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  settled public.files;
begin
  update public.files f
  set state = case when settle_file.is_good then 'kept' else 'leaving' end,
    delete_after = case when not settle_file.is_good then greatest(edge.now(), f.upload_until) end
  where f.id = settle_file.id and f.user_id = edge.uid() and f.state = 'awaited' and f.delete_after > edge.now()
  returning f.* into settled;
  if settled.id is null then
    select f.* into settled from public.files f
    where f.id = settle_file.id and f.user_id = edge.uid() and f.state = 'kept';
  end if;
  if settled.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif settled.state = 'leaving' then
    return jsonb_build_object('outcome', 'file_is_other');
  end if;
  return jsonb_build_object('outcome', 'ok', 'file', edge.file_json(settled));
end
$$;

grant execute on function edge.settle_file(uuid, boolean) to authenticated;
