-- Trigger of `jobs`: computes what a job has cost, once the seconds that a worker has computed are known.
--
-- RunPod's API does not say what a job has cost. RunPod bills the seconds that a worker computes, at the price of its GPU;
-- the setting `gpu_prices` says what a second costs by kind of creation, in the currency of the bill: {"scene": 0.00031}. A
-- job of a kind without a price has no cost. What RunPod bills for starting a worker is in no job's cost.
create or replace function edge.price_job() returns trigger
language plpgsql
as $$
begin
  -- RunPod lets no job run for more than seven days.
  new.cost := round(least(new.execution_ms, 604800000) / 1000.0 * (edge.setting('gpu_prices') ->> new.kind)::numeric, 6);
  return new;
end
$$;
