select u.role, u.is_banned, edge.day_of($3::timestamptz, u.id, u.time_zone, u.day_end_hour, u.held_until) as today,
  u.is_active and u.deleted_at is null and s.revoked_at is null and s.expires_at > $3 as is_alive
from users u join user_sessions s on s.user_id = u.id
where u.id = $1::uuid and s.id = $2::uuid
