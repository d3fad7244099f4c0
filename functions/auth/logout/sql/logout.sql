-- Ends the session of this request, or every session of its person where `everywhere`.
--
-- Outcome: `ok` {revoked}, the number of sessions ended. `edge.revoke_session` ends another one by its id.
create or replace function edge.logout(everywhere boolean default false) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ended integer;
begin
  update public.user_sessions s
  set revoked_at = edge.now(), revoked_because = 'logout'
  where s.user_id = edge.uid() and s.revoked_at is null and (logout.everywhere or s.id = edge.session());
  get diagnostics ended = row_count;
  perform edge.audit('auth.logout', jsonb_build_object('sessions', ended));
  return jsonb_build_object('outcome', 'ok', 'revoked', ended);
end
$$;

grant execute on function edge.logout(boolean) to authenticated;
