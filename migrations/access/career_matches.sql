-- People reach their rows directly: they add them with a result, and change none.

grant select, insert (exploration_id, onet_soc, place, match_score, match_low, match_high, ai_resilience, evidence, data_version)
  on public.career_matches to authenticated;
grant select, insert, update, delete on public.career_matches to service, edge_owner;

create policy career_matches_owner on public.career_matches for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy career_matches_service on public.career_matches for all to service, edge_owner using (true) with check (true);

-- example:
-- insert into public.career_matches (exploration_id, user_id, onet_soc, place, match_score, match_low, match_high, ai_resilience, evidence, data_version)
-- select e.id, $1, '11-1011.00', 1, 50, 45, 55, 39, '[0, 0, 0, 0, 0, 0]', 'careers-2026.11'
-- from public.career_explorations e where e.user_id = $1
