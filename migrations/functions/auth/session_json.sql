-- The object `session`, as its person sees it: id, created_at, expires_at.
create or replace function edge.session_json(session public.user_sessions) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', session.id, 'created_at', session.created_at, 'expires_at', session.expires_at)
$$;
