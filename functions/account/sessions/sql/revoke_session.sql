-- Ends one session of the person of this request by its id; `edge.logout` ends this one or all.
--
-- Its tokens are refused from the next request on. Raises `OR404 not_found`, also for a session that has ended.
create or replace function edge.revoke_session(session uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.user_sessions s
  set revoked_at = edge.now(), revoked_because = 'logout'
  where s.id = revoke_session.session and s.user_id = edge.uid() and s.revoked_at is null
    and s.expires_at > edge.now();
  if not found then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  perform edge.audit('auth.session_revoked', jsonb_build_object('session', revoke_session.session));
end
$$;

grant execute on function edge.revoke_session(uuid) to authenticated;
