-- The refusal that `edge.now()` raises outside a request. It is a function of its own because an SQL function cannot
-- raise, and `edge.now()` must stay one that the planner inlines.

create or replace function edge.no_time() returns timestamptz
language plpgsql stable parallel safe
as $$
begin
  raise exception using errcode = 'OR500', message = 'time_not_injected',
    hint = 'Begin the transaction with edge.enter(claims, now), or by hand with set_config(''oree.now'', …, true).';
end
$$;

grant execute on function edge.no_time() to anon, authenticated, service;
