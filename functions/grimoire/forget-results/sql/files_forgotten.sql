-- Records that stored files are gone, so that they are not deleted again.
--
-- `files` is `[{"job_id", "url"}]`. Outcome: `ok` {forgotten}, a number of files.
create or replace function edge.files_forgotten(files jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  with gone as (
    select j.id, j.output - array_agg(o.key) as rest, count(*) as files
    from jsonb_to_recordset(files_forgotten.files) as f (job_id uuid, url text)
    join public.jobs j on j.id = f.job_id
    cross join lateral jsonb_each_text(j.output) as o
    where o.key in ('url', 'upload') and o.value = f.url
    group by j.id
  ),
  forgotten as (
    update public.jobs j
    set output = case when g.rest ?| array['url', 'upload'] then g.rest end
    from gone g
    where j.id = g.id
    returning g.files
  )
  select jsonb_build_object('outcome', 'ok', 'forgotten', (select coalesce(sum(f.files), 0) from forgotten f))
$$;

grant execute on function edge.files_forgotten(jsonb) to service;
