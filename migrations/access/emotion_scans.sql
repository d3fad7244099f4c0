-- People add what they felt, correct what a machine made of it, and delete it. What a machine said they cannot change.

grant select, delete,
  insert (client_id, scan_type, scanned_at, date, emotions, primary_emotion, mood, valence, arousal, first),
  update (correction, corrected_at) on public.emotion_scans to authenticated;
grant select, insert, update, delete on public.emotion_scans to service, edge_owner;

create policy emotion_scans_owner on public.emotion_scans for all to authenticated
  using ((select edge.uid()) = user_id) with check ((select edge.uid()) = user_id);
create policy emotion_scans_service on public.emotion_scans for all to service, edge_owner using (true) with check (true);

create trigger emotion_scans_touch before update on public.emotion_scans for each row execute function edge.touch();

-- example:
-- insert into public.emotion_scans (user_id, scan_type, date, emotions, mood)
-- values ($1, 'manual', edge.today(), '[{"name": "joie", "intensity": 0.7}]', 70)
