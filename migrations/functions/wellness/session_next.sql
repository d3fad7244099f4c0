-- What becomes of a session: its row after an act, or a refusal. Every module's sessions live by these rules and by no others.
--
-- `session` is the row, `act` one of `change` (a beat is one), `complete`, `abandon` and `expire`; `sent` what came with it, whose
-- members are columns of the table, and of the engine's own: `elapsed_seconds`, `paused`, `duration_seconds`, `completed_at`.
-- `moment` is now.
--
--   started ⇄ paused → completed | abandoned | expired        expired → completed
--
-- - A change is a beat: the device was heard. `elapsed_seconds` never decreases, and is at most the time since the beginning and a
--   minute. Pauses are counted by our clock.
-- - A session that was not heard for 24 hours has expired then, whether cron has already seen it or not; its duration is until the
--   last beat, without pauses. A device that was offline may still say that it had completed it before that moment.
-- - The duration is what the device tells at the end, else what was elapsed, else the time without pauses: clipped to the time from
--   beginning to end and a minute. What it told stays in `told_seconds`.
-- - To complete again with the same content, notes aside, changes nothing; with other content it is refused.
-- - After the end nothing changes but `notes` and `mood_after`, for 24 hours.
--
-- Raises `OR409 session_ended` {state}, `OR409 completed_otherwise`, `OR422 date_in_future` and `date_too_old` of `completed_at`,
-- and `OR422 not_allowed` of `duration_seconds` where nothing at all would have been done.
create or replace function edge.session_next(session jsonb, act text, sent jsonb, moment timestamptz) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  began constant timestamptz := session ->> 'started_at';
  beat constant timestamptz := session ->> 'last_beat_at';
  expires constant timestamptz := beat + interval '24 hours';
  own constant jsonb := sent - '{elapsed_seconds, paused, duration_seconds, completed_at}'::text[];
  is_paused constant boolean := session ->> 'state' = 'paused';
  paused_at constant timestamptz := session ->> 'paused_at';
  paused_seconds integer := session ->> 'paused_seconds';
  state text := session ->> 'state';
  ended timestamptz := session ->> 'ended_at';
  told constant integer := sent ->> 'duration_seconds';
  elapsed integer;
  seconds integer;
begin
  if state in ('started', 'paused') and (moment >= expires or act = 'expire') then
    session := session || jsonb_build_object('state', 'expired', 'ended_at', expires, 'paused_at', null,
      'duration_seconds', edge.session_seconds(began, beat, paused_seconds, paused_at));
    state := 'expired';
    ended := expires;
  end if;
  if act = 'expire' then
    return session;
  elsif act = 'complete' and state = 'completed' then
    if session -> 'last' <> sent - 'notes' then
      raise exception using errcode = 'OR409', message = 'completed_otherwise';
    end if;
    return session;
  elsif act = 'abandon' and state = 'abandoned' then
    return session;
  elsif act = 'change' and state in ('completed', 'abandoned', 'expired') then
    if sent = '{}' or sent - '{notes, mood_after}'::text[] <> '{}' or moment > ended + interval '24 hours' then
      raise exception using errcode = 'OR409', message = 'session_ended', detail = jsonb_build_object('state', state);
    end if;
    return session || sent;
  elsif state not in ('started', 'paused')
    and not (act = 'complete' and state = 'expired' and coalesce((sent ->> 'completed_at')::timestamptz < ended, false))
  then
    raise exception using errcode = 'OR409', message = 'session_ended', detail = jsonb_build_object('state', state);
  end if;

  elapsed := session ->> 'elapsed_seconds';
  if sent ? 'elapsed_seconds' then
    elapsed := greatest(elapsed, least((sent ->> 'elapsed_seconds')::integer, edge.session_seconds(began, moment, 0, null) + 60));
  end if;
  if act = 'change' then
    session := session || own || jsonb_build_object('elapsed_seconds', elapsed, 'last_beat_at', greatest(beat, moment));
    if is_paused and (sent ->> 'paused')::boolean is false then
      return session || jsonb_build_object('state', 'started', 'paused_at', null,
        'paused_seconds', paused_seconds + greatest(0, floor(extract(epoch from moment - paused_at)))::integer);
    elsif not is_paused and (sent ->> 'paused')::boolean then
      return session || jsonb_build_object('state', 'paused', 'paused_at', moment);
    end if;
    return session;
  end if;

  ended := coalesce((sent ->> 'completed_at')::timestamptz, moment);
  if ended < began then
    raise exception using errcode = 'OR422', message = 'date_too_old', detail = jsonb_build_object('field', 'completed_at');
  elsif ended > moment + interval '5 minutes' then
    raise exception using errcode = 'OR422', message = 'date_in_future', detail = jsonb_build_object('field', 'completed_at');
  end if;
  seconds := least(coalesce(told, nullif(elapsed, 0), edge.session_seconds(began, ended, paused_seconds, paused_at)),
    edge.session_seconds(began, ended, 0, null) + 60);
  if act = 'complete' and seconds < 1 then
    raise exception using errcode = 'OR422', message = 'not_allowed', detail = jsonb_build_object('field', 'duration_seconds');
  end if;
  return session || own || jsonb_build_object('state', case act when 'complete' then 'completed' else 'abandoned' end,
    'ended_at', ended, 'paused_at', null, 'elapsed_seconds', elapsed, 'duration_seconds', seconds, 'told_seconds', told,
    'last', sent - 'notes');
end
$$;

grant execute on function edge.session_next(jsonb, text, jsonb, timestamptz) to authenticated, service;
