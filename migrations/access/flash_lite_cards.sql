-- A person's own; what an answer does says `edge.answer_card`.

grant select, insert, update, delete on public.flash_lite_cards to authenticated, service, edge_owner;

create policy flash_lite_cards_owner on public.flash_lite_cards for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy flash_lite_cards_service on public.flash_lite_cards for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.flash_lite_cards (user_id, session_id, card_key, question, answer)
-- select $1, s.id, 'capitale-fr', 'La capitale de la France ?', 'Paris' from public.flash_lite_sessions s where s.user_id = $1 limit 1
