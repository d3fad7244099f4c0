-- Brings what is kept of the weeks of the person of this request to what their sessions say, after some were deleted.
create or replace function edge.keep_own_weeks() returns void
language sql volatile security definer set search_path = ''
as $$
  select edge.keep_breath_weeks(edge.uid())
$$;

grant execute on function edge.keep_own_weeks() to authenticated;
