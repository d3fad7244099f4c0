-- The share of a group of which something is true, coarse enough to speak of nobody: 0, 0.25, 0.5 or 0.75; null for a group that
-- is smaller than `edge.smallest_group`.
--
-- Aggregates over people are computed by this, `edge.group_mean` and `edge.groups_shown`, for weeks up to `edge.week_to_publish`,
-- and kept: an edition is published once (a primary key, and `on conflict do nothing`), for the difference of two editions is
-- whoever came or went in between. Whoever reads them is in no group themselves: they know their own value.
--
-- A share is rounded down to a quarter, the highest being "three quarters or more", so that no answer says of a group, even the
-- smallest, that everybody or nobody did something. `people` are in the group, `part` of them it is true of.
create or replace function edge.group_share(part bigint, people bigint) returns numeric
language sql stable security definer set search_path = ''
as $$
  select case when people >= edge.smallest_group() then least(floor(4.0 * part / people) / 4, 0.75) end
$$;
