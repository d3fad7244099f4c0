-- The mean of what the people of a group gave, to the nearest `step`; null for a group that is smaller than `edge.smallest_group`.
--
-- `total` is the sum of one value per person, which is bounded, so that nobody weighs more than anybody else; `people` gave one.
-- `edge.group_share` says what else an aggregate keeps to.
create or replace function edge.group_mean(total numeric, people bigint, step numeric) returns numeric
language sql stable security definer set search_path = ''
as $$
  select case when people >= edge.smallest_group() then round(total / people / step) * step end
$$;
