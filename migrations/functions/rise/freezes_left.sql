-- How many freezes the person of this request may still place in the month of a given day.
--
-- Each frozen day of that month takes one of `edge.freezes_per_month`.
create or replace function edge.freezes_left(day date) returns integer
language sql stable security definer set search_path = ''
as $$
  select greatest(0, edge.freezes_per_month() - coalesce(sum(
    least(f.to_day, (date_trunc('month', freezes_left.day) + interval '1 month')::date - 1)
    - greatest(f.from_day, date_trunc('month', freezes_left.day)::date) + 1), 0)::int)
  from public.streak_freezes f
  where f.user_id = edge.uid() and f.kind = 'freeze'
    and f.from_day < (date_trunc('month', freezes_left.day) + interval '1 month')::date
    and f.to_day >= date_trunc('month', freezes_left.day)::date
$$;

grant execute on function edge.freezes_left(date) to authenticated;
