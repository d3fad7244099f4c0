-- Trigger of `files`: what has lost its person is deleted, as soon as nobody can put it any more.
create or replace function edge.leave_file() returns trigger
language plpgsql
as $$
begin
  new.state := 'leaving';
  new.delete_after := greatest(edge.now(), new.upload_until);
  return new;
end
$$;
