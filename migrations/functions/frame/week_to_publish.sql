-- The latest week whose aggregates over people may be published, by its Monday: it has ended two days ago or earlier.
--
-- So what devices still hold back has time to come, and it is over in every time zone.
create or replace function edge.week_to_publish() returns date
language sql stable parallel safe
return edge.week_of((edge.now() at time zone 'UTC')::date - 9);
