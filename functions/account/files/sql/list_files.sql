-- The files of the person of this request, newest first, as `edge.file_json` has them; one of them where `named` is its id.
--
-- A file that is leaving is in none of them, nor is one whose upload never came and whose time is over.
create or replace function edge.list_files(named uuid, before timestamptz, before_id uuid, max integer) returns setof jsonb
language sql stable security definer set search_path = ''
as $$
  select edge.file_json(f)
  from public.files f
  where f.user_id = edge.uid() and f.state <> 'leaving' and (f.delete_after is null or f.delete_after > edge.now())
    and (list_files.named is null or f.id = list_files.named)
    and (list_files.before is null or (f.created_at, f.id) < (list_files.before, list_files.before_id))
  order by f.created_at desc, f.id desc
  limit list_files.max
$$;

grant execute on function edge.list_files(uuid, timestamptz, uuid, integer) to authenticated;
