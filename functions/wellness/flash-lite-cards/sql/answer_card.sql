-- Keeps the answer to a card of the person of this request, or takes it back where `answer` is null, and the counts of its session with
-- it. `answer` is {user_answer, is_correct, response_time_ms}. An answer in place of an answer counts once.
--
-- Raises `OR404 not_found`, and `OR409 session_ended` where the session of the card is over.
create or replace function edge.answer_card(card uuid, answer jsonb) returns public.flash_lite_cards
language plpgsql volatile set search_path = ''
as $$
declare
  known public.flash_lite_cards;
  session public.flash_lite_sessions;
begin
  select c.* into known from public.flash_lite_cards c where c.id = answer_card.card and c.user_id = edge.uid();
  if known.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  select s.* into session from public.flash_lite_sessions s where s.id = known.session_id and s.user_id = edge.uid() for update;
  if session.state not in ('started', 'paused') then
    raise exception using errcode = 'OR409', message = 'session_ended', detail = jsonb_build_object('state', session.state);
  end if;
  update public.flash_lite_cards c
  set user_answer = a.user_answer, is_correct = a.is_correct, response_time_ms = a.response_time_ms, repetitions = n.repetitions,
    ease = n.ease, stability = n.stability, due_at = edge.now() + make_interval(days => n.stability::integer),
    answered_at = case when a.is_correct is not null then edge.now() end
  from jsonb_to_record(coalesce(answer_card.answer, '{}')) as a (user_answer text, is_correct boolean, response_time_ms integer)
  left join lateral (
    select b.repetitions, b.ease, b.stability from public.flash_lite_cards b
    where b.user_id = edge.uid() and b.card_key = known.card_key and b.id <> known.id and b.answered_at is not null
    order by b.answered_at desc, b.id limit 1) as p on true
  left join lateral edge.review_card(p.repetitions, p.ease, p.stability, a.is_correct, a.response_time_ms) as n on a.is_correct is not null
  where c.id = known.id
  returning c.* into known;
  update public.flash_lite_sessions s
  set cards_completed = t.completed, cards_correct = t.correct, response_ms = t.ms, last_beat_at = greatest(s.last_beat_at, edge.now())
  from (
    select count(c.answered_at) as completed, count(*) filter (where c.is_correct) as correct, coalesce(sum(c.response_time_ms), 0) as ms
    from public.flash_lite_cards c where c.session_id = known.session_id) as t
  where s.id = known.session_id;
  return known;
end
$$;

grant execute on function edge.answer_card(uuid, jsonb) to authenticated;
