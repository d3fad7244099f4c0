-- People reach their draft directly.

grant select, delete, insert (question_set_version, lang, answers), update (question_set_version, lang, answers)
  on public.career_drafts to authenticated;
grant select, insert, update, delete on public.career_drafts to service, edge_owner;

create policy career_drafts_owner on public.career_drafts for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy career_drafts_service on public.career_drafts for all to service, edge_owner using (true) with check (true);

create trigger career_drafts_touch before update on public.career_drafts for each row execute function edge.touch();

-- example:
-- insert into public.career_drafts (user_id, question_set_version, lang, answers) values ($1, 'aube-items-1', 'fr', repeat('0', 50))
