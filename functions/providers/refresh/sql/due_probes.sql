-- Up to `most` connections of `providers`, which tell of no departure, that were last asked a day ago or longer, and whose tokens are good. Taking one
-- counts as asking, so that one that cannot be asked holds up no other.
create or replace function edge.due_probes(providers text[], most integer) returns table (work jsonb)
language sql volatile security definer set search_path = ''
as $$
  with due as (
    select c.id from public.provider_connections c
    where c.status in ('active', 'paused_by_user') and c.provider = any (array(
        select k from unnest(enum_range(null::public.provider_type)) k where k::text = any (due_probes.providers)))
      and c.probed_at <= edge.now() - interval '1 day' and coalesce(c.token_expires_at > edge.now(), true)
    order by c.probed_at
    limit due_probes.most
    for update skip locked
  )
  update public.provider_connections c set probed_at = edge.now()
  from due where due.id = c.id
  returning jsonb_build_object('outcome', 'fresh') || edge.tokens_of(c)
$$;

grant execute on function edge.due_probes(text[], integer) to service;
