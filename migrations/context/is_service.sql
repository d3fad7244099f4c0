-- True for requests of cron, webhooks and administration. The login says so, not the claims: a caller writes the
-- claims, but nobody chooses `session_user`.

create or replace function edge.is_service() returns boolean
language sql stable parallel safe
return session_user = 'oree_service';
