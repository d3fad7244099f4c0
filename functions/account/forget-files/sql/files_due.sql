-- Claims files that are to be deleted now, those first that have waited longest: each row is {id, address}.
--
-- A call claims as many as the plan of the platform lets one run delete (the setting `calls_per_run`, less a few calls of its own),
-- and never more than 1,000. From here on a file cannot be kept any more. A file whose deletion is not recorded (`edge.files_gone`)
-- is due again after a quarter of an hour, then after twice as long each time, up to a day: so a run that dies loses nothing, and
-- what cannot be deleted does not hold up the rest.
create or replace function edge.files_due() returns table (id uuid, address text)
language sql volatile security definer set search_path = ''
as $$
  update public.files f
  set state = 'leaving', attempts = f.attempts + 1,
    delete_after = edge.now() + least(interval '15 minutes' * power(2, least(f.attempts, 10)), interval '1 day')
  where f.id = any (array(
    select d.id from public.files d
    where d.delete_after <= edge.now()
    order by d.delete_after
    limit least((edge.setting('calls_per_run'))::int - 10, 1000)
    for update skip locked))
  returning f.id, f.address
$$;

grant execute on function edge.files_due() to service;
