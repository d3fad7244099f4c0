-- Ends one session of the person of this request by its id; `edge.logout` ends this one or all.
--
-- Outcomes: `ok`; `not_found`, also for a session that has ended. The session's tokens are refused from the next request on.
create or replace function edge.revoke_session(session uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.user_sessions s
  set revoked_at = edge.now(), revoked_because = 'logout'
  where s.id = revoke_session.session and s.user_id = edge.uid() and s.revoked_at is null
    and s.expires_at > edge.now();
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  perform edge.audit('auth.session_revoked', jsonb_build_object('session', revoke_session.session));
  return jsonb_build_object('outcome', 'ok');
end
$$;

grant execute on function edge.revoke_session(uuid) to authenticated;
