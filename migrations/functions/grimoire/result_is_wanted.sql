-- Tells whether somebody has a stored file: whether it is the result of a creation that still exists.
--
-- Creations of every job with that file count, not those of one job alone.
create or replace function edge.result_is_wanted(url text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.jobs j
    where j.output ->> 'url' = result_is_wanted.url
      and (exists (select from public.scenes s where s.job_id = j.id and s.image_url is not null)
        or exists (select from public.creations c where c.job_id = j.id and c.result_url is not null)))
$$;
