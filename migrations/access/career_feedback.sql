-- People reach their rows directly.

grant select, delete, insert (kind, subject, verdict), update (verdict) on public.career_feedback to authenticated;
grant select, insert, update, delete on public.career_feedback to service, edge_owner;

create policy career_feedback_owner on public.career_feedback for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy career_feedback_service on public.career_feedback for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.career_feedback (user_id, kind, subject, verdict) values ($1, 'occupation', '11-1011.00', 'not_this_one')
