-- Trigger that keeps `updated_at` and `version` of a changed row. `version` exists beside the time because two changes
-- can carry the same moment, and an ETag must tell them apart.

create or replace function edge.touch() returns trigger
language plpgsql
as $$
begin
  new.updated_at := edge.now();
  new.version := old.version + 1;
  return new;
end
$$;
