insert into kaizen (action, date, completed, client_id)
select $1, day, coalesce($3::boolean, false), $4::uuid
from (select coalesce($2::date, edge.today()) as day) as asked
where day between edge.kaizen_oldest() and edge.today()
on conflict (user_id, client_id) do nothing
returning id, user_id, action, date, completed, completed_at, client_id, created_at, updated_at, version
