-- A file as its owner sees it: id, kind, media_type, bytes, state, address, upload_until, created_at, version.
create or replace function edge.file_json(file public.files) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'id', file.id, 'kind', file.kind, 'media_type', file.media_type, 'bytes', file.bytes, 'state', file.state,
    'address', file.address, 'upload_until', file.upload_until, 'created_at', file.created_at, 'version', file.version)
$$;
