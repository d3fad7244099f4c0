select edge.today() as today, edge.kaizen_oldest() as oldest,
  (select to_jsonb(k) from kaizen k where k.user_id = edge.uid() and k.client_id = $1::uuid) as existing
