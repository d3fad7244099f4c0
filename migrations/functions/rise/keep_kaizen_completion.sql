-- Trigger of `kaizen`: a completed entry has a moment of its completion, an entry that is not completed has none.
--
-- The moment is the one that the writer gives, or else that of the request.
create or replace function edge.keep_kaizen_completion() returns trigger
language plpgsql
as $$
begin
  new.completed_at := case when new.completed then coalesce(new.completed_at, edge.now()) end;
  return new;
end
$$;
