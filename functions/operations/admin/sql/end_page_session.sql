-- Ends the session of an operator's page. One that has ended already stays so.
create or replace function edge.end_page_session(session uuid) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.user_sessions s
  set revoked_at = edge.now(), revoked_because = 'logout'
  where s.id = end_page_session.session and s.revoked_at is null
$$;

grant execute on function edge.end_page_session(uuid) to service;
