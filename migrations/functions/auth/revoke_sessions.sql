-- Ends the open sessions of a person, all but one where `except_session` names it; returns how many.
--
-- `because` is `logout`, `reuse`, `password`, `administration` or `erasure`. `edge.enter` refuses an ended session from its
-- next request on.
--
-- There is one order of locks, here and wherever rows of a person change: organisations, then the person's row in `users`,
-- then what is theirs (sessions, links in letters, counters of failed sign-ins, subscriptions, jobs). A function that finds a
-- person by what is theirs reads it, locks the person, and locks it then. People are locked `for no key update`: `for update`
-- is for deleting them, and would hold up every row that names them.
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
