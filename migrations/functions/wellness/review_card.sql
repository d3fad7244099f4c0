-- When a card comes again after an answer, by SM-2: `repetitions`, `ease` and `stability` (days) as they were before it, null for a card
-- that was never answered.
--
-- An answer is of quality 5 where it was right within ten seconds, 4 where it was right, 2 where it was wrong. The ease changes by
-- 0.1 - (5 - q)(0.08 + 0.02 (5 - q)), and is 1.3 at least; below quality 3 repetition begins again; intervals are 1 day, 6 days, then the
-- last one times the ease, a year at most.
create or replace function edge.review_card(repetitions integer, ease double precision, stability double precision, is_correct boolean, ms integer)
returns table (repetitions integer, ease double precision, stability double precision)
language sql immutable parallel safe
as $$
  select n.repetitions, e.ease, case n.repetitions when 0 then 1 when 1 then 1 when 2 then 6
    else least(365, round(coalesce(review_card.stability, 1) * e.ease)) end
  from (select case when not review_card.is_correct then 2 when coalesce(review_card.ms, 0) <= 10000 then 5 else 4 end as quality) as q,
    lateral (select greatest(1.3, coalesce(review_card.ease, 2.5) + 0.1 - (5 - q.quality) * (0.08 + (5 - q.quality) * 0.02)) as ease) as e,
    lateral (select case when review_card.is_correct then coalesce(review_card.repetitions, 0) + 1 else 0 end as repetitions) as n
$$;

grant execute on function edge.review_card(integer, double precision, double precision, boolean, integer) to authenticated, service;
