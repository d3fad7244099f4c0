-- People reach their results directly: they add them and delete them, and change none.

grant select, delete, insert (client_id, question_set_version, analysis_version, lang, answers, personality_type, confidence_score)
  on public.career_explorations to authenticated;
grant select, insert, update, delete on public.career_explorations to service, edge_owner;

create policy career_explorations_owner on public.career_explorations for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy career_explorations_service on public.career_explorations for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.career_explorations (user_id, question_set_version, analysis_version, lang, answers, personality_type, confidence_score)
-- values ($1, 'aube-items-1', 'aube-2026.11', 'fr', repeat('4', 50), 'XXXX', 0)
