insert into kaizen (user_id, action, date, completed, completed_at, client_id, created_at, updated_at)
select $1::uuid, $2, day, coalesce($4::boolean, false), case when $4::boolean then $6::timestamptz end, $5::uuid, $6, $6
from (select coalesce($3::date, $7::date) as day) as asked
where day between $7::date - (edge.setting('kaizen_back_days') #>> '{}')::int and $7::date
on conflict (user_id, client_id) do nothing
returning id, user_id, action, date, completed, completed_at, client_id, created_at, updated_at, version
