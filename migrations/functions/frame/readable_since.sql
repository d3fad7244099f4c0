-- From which moment on rows of each origin may be read by this request: `{"strava": "2026-11-21T…"}`; an origin that is not named may not.
--
-- What is asked is why this request reads, the claim `purpose` (of the function's contract): none, `ai` (a model is told),
-- `aggregates` (of many people), `leaderboards`, or `upkeep` (to fetch, purge, export or erase, which every rule allows). `own` is
-- whether a row is the caller's. Without a purpose a caller's own rows may be read for as long as they may be kept; others' rows,
-- and all rows by a function that speaks for nobody, only where nothing at all forbids it: whoever forgets to say why reads too
-- little, and never too much.
--
-- Every table with rows from outside has this policy beside those that say whose a row is:
--
--   create policy <table>_origin on public.<table> as restrictive for select to authenticated, service, edge_owner
--   using (origin is null or fetched_at >= (case when user_id = (select edge.uid())
--     then (select edge.readable_since(true)) else (select edge.readable_since(false)) end ->> origin)::timestamptz);
create or replace function edge.readable_since(own boolean) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_object_agg(r.origin, case
    when r.days_kept is null or u.purpose = 'upkeep' then '-infinity'
    else edge.now() - make_interval(days => r.days_kept)
  end), '{}')
  from (select coalesce(edge.claim('purpose'), '') as purpose) u, public.data_use_rules r
  where case u.purpose
    when 'upkeep' then true
    when '' then own or (r.others and r.ai and r.aggregates and r.leaderboards)
    when 'ai' then r.ai and (own or r.others)
    when 'aggregates' then r.aggregates
    when 'leaderboards' then r.leaderboards
    else false
  end
$$;

grant execute on function edge.readable_since(boolean) to authenticated, service;
