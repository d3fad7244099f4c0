select id, user_id, action, date, completed, completed_at, client_id, created_at, updated_at, version
from kaizen
where user_id = $1::uuid and deleted_at is null
  and ($2::date is null or date >= $2) and ($3::date is null or date <= $3)
  and ($4::date is null or (date, id) < ($4, $5::bigint))
order by date desc, id desc
limit $6::bigint
