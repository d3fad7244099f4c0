-- Trigger that keeps `updated_at` and `version` of a changed row. `version` exists beside the time because two changes
-- can carry the same moment, and an ETag must tell them apart. A change that says itself when it was made keeps that time: of rows
-- that devices synchronise it is the person's, by which edits are ordered, and whatever goes by the server's goes by `version`.

create or replace function edge.touch() returns trigger
language plpgsql
as $$
begin
  if new.updated_at is not distinct from old.updated_at then
    new.updated_at := edge.now();
  end if;
  new.version := old.version + 1;
  return new;
end
$$;
