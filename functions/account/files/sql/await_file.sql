-- Makes the row of a file that the person of this request is about to upload: the object of `edge.file_json`.
--
-- `consent` is the purpose that they must agree to, null for none. The link to put the file is good for `minutes`; a file that is
-- not kept within the hour after is deleted. What counts against the entitlement `file_megabytes` are all files of the person that
-- the storage may still hold, those that are leaving too: a quota that came back sooner could be used over and over. Raises as
-- `edge.require_consent` and `edge.require_entitlement`.
create or replace function edge.await_file(kind text, media_type text, bytes bigint, minutes integer, consent text default null)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  id constant uuid := gen_random_uuid();
  upload_until constant timestamptz := edge.now() + make_interval(mins => await_file.minutes);
  made public.files;
begin
  if await_file.consent is not null then
    perform edge.require_consent(await_file.consent);
  end if;
  -- One at a time per person, so that two requests cannot both take what is left.
  perform from public.users u where u.id = edge.uid() for no key update;
  perform edge.require_entitlement('file_megabytes', ceil((await_file.bytes + (
    select coalesce(sum(f.bytes), 0) from public.files f where f.user_id = edge.uid())) / 1e6)::int);
  insert into public.files (id, user_id, kind, media_type, bytes, address, upload_until, delete_after)
  values (id, edge.uid(), await_file.kind, await_file.media_type, await_file.bytes,
    'storage://files/' || left(encode(sha256(convert_to(edge.uid()::text, 'UTF8')), 'hex'), 32) || '/' || id,
    upload_until, upload_until + interval '1 hour')
  returning * into made;
  return edge.file_json(made);
end
$$;

grant execute on function edge.await_file(text, text, bigint, integer, text) to authenticated;
