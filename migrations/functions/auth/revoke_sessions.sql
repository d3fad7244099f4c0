-- Ends the open sessions of a person, all but one where `except_session` names it; returns how many.
--
-- `because` is `logout`, `reuse`, `password`, `administration` or `erasure`. `edge.enter` refuses an ended session from its
-- next request on.
create or replace function edge.revoke_sessions(person uuid, because text, except_session uuid default null) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ended integer;
begin
  update public.user_sessions s
  set revoked_at = edge.now(), revoked_because = revoke_sessions.because
  where s.user_id = revoke_sessions.person and s.revoked_at is null
    and s.id is distinct from revoke_sessions.except_session;
  get diagnostics ended = row_count;
  return ended;
end
$$;
