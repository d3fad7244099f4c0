select id, user_id, action, date, completed, completed_at, client_id, created_at, updated_at, version
from kaizen
where user_id = edge.uid() and deleted_at is null
  and ($1::date is null or date >= $1) and ($2::date is null or date <= $2)
  and ($3::date is null or (date, id) < ($3, $4::bigint))
order by date desc, id desc
limit $5::bigint
