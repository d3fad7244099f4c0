-- Trigger of `jobs`: a job whose person has left forgets what it was asked for.
--
-- A person who leaves takes their words along. The job itself outlives them, and everybody else who asked for the same keeps
-- the result.
create or replace function edge.forget_words() returns trigger
language plpgsql
as $$
begin
  new.input := null;
  return new;
end
$$;
