-- People see theirs; only functions of `edge_owner` keep them.

grant select on public.breath_weekly_metrics to authenticated;
grant select, insert, update, delete on public.breath_weekly_metrics to service, edge_owner;

create policy breath_weekly_metrics_owner on public.breath_weekly_metrics for select to authenticated using ((select edge.uid()) = user_id);
create policy breath_weekly_metrics_service on public.breath_weekly_metrics for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.breath_weekly_metrics (user_id, week_start, mood_score, n_sessions, n_mood)
-- values ($1, edge.week_of(edge.today()) - 7, 0.4, 3, 2)
