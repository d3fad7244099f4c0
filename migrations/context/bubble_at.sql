-- Where and when bubble `n` (from 0) of a game rises: x and y from 0 to 999, and milliseconds from the beginning until when it can
-- be popped, from `n`'s place in a fixed sequence of the seed (the generator of Park and Miller, so that any client computes it).
--
-- Three bubbles rise a second; each lives 2,000 ms where it is easy, 1,500 medium, 1,000 hard.
create or replace function edge.bubble_at(seed integer, n integer) returns integer[]
language sql immutable parallel safe
as $$
  -- 48271 · m mod 2³¹ - 1, from a state that no two bubbles of a game share.
  select array[(b.state % 1000)::integer, (b.state / 1000 % 1000)::integer, n * 1000 / 3]
  from (select (a.state * 48271 % 2147483647) as state
    from (select ((seed::bigint + n::bigint * 16807) % 2147483646 + 1) * 48271 % 2147483647 as state) as a) as b
$$;

grant execute on function edge.bubble_at(integer, integer) to authenticated, service;
