-- What a job has cost. RunPod's API does not say; it bills the seconds that a worker computes, at the price of its GPU. The
-- setting `gpu_prices` says what a second costs by kind of creation, in the currency of the bill: `{"scene": 0.00031}`. A job
-- of a kind without a price has no cost. What RunPod bills for starting a worker is in no job's cost.

alter table public.settings add constraint settings_gpu_prices_by_kind check (
  case when key = 'gpu_prices'
    then jsonb_typeof(value) = 'object'
      and not jsonb_path_exists(value, '$.* ? (@.type() != "number" || @ < 0 || @ > 1)') else true end
);

insert into public.settings (key, value, created_at, updated_at)
values ('gpu_prices', '{}', statement_timestamp(), statement_timestamp());

set role edge_owner;

create function edge.price_job() returns trigger
language plpgsql
as $$
begin
  -- RunPod lets no job run for more than seven days.
  new.cost := round(least(new.execution_ms, 604800000) / 1000.0 * (edge.setting('gpu_prices') ->> new.kind)::numeric, 6);
  return new;
end
$$;

reset role;

create trigger jobs_price before insert or update of execution_ms on public.jobs
  for each row when (new.execution_ms is not null and new.cost is null) execute function edge.price_job();
