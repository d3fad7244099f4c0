-- Takes up to `most` connections whose tokens are to be renewed, and the lease of each, as `edge.take_token` does for one.
--
-- Of `providers` only: others are renewed when they are used. Those that have waited longest come first; whoever is at work with
-- one holds up no other.
create or replace function edge.due_tokens(providers text[], at timestamptz, lease_s integer, most integer)
returns table (work jsonb)
language sql volatile security definer set search_path = ''
as $$
  with due as (
    select c.id from public.provider_connections c
    where c.status in ('active', 'paused_by_user') and c.refresh_at <= edge.now()
      and c.provider::text = any (due_tokens.providers) and coalesce(c.lease_until <= due_tokens.at, true)
    order by c.refresh_at
    limit due_tokens.most
    for update skip locked
  )
  update public.provider_connections c
  set lease_until = due_tokens.at + make_interval(secs => due_tokens.lease_s)
  from due where due.id = c.id
  returning jsonb_build_object('outcome', 'refresh') || edge.tokens_of(c)
$$;

grant execute on function edge.due_tokens(text[], timestamptz, integer, integer) to service;
