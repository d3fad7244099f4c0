-- A result belongs to those who asked for it. Once nobody has it any more, because their accounts or creations were
-- deleted, its file leaves the storage too.
--
-- The job stays in the ledger, for the numbers, and forgets what it was asked for. That happens before the file is deleted:
-- from then on nobody is given it from the cache. Its address is kept until the storage has said that the file is gone, so a
-- run that dies in between is made up for by the next one. Files of different jobs have different names; those of
-- before this migration may not, and stay as long as any of their jobs is wanted.

create index jobs_output_idx on public.jobs ((output ->> 'url')) where output is not null;
create index jobs_upload_idx on public.jobs (finished_at) where output ? 'upload';

set role edge_owner;

-- As in 0051, but a result is taken from the cache only while it is not being forgotten.
create or replace function edge.find_job(
  kind text, input jsonb, endpoint text, refresh boolean, attempt integer, ttl_s integer,
  out how text, out job public.jobs, out quota jsonb
)
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  hash constant text := encode(sha256(convert_to(concat_ws(E'\n', find_job.kind, find_job.endpoint,
    edge.setting('models') ->> find_job.kind, find_job.input::text), 'UTF8')), 'hex');
begin
  loop
    if not find_job.refresh then
      select j.* into job from public.jobs j
      where j.input_hash = hash and j.is_joinable and j.finished_at is null
      for share;
      if job.id is not null then
        how := 'joined';
        return;
      end if;
      select j.* into job from public.jobs j
      where j.input_hash = hash and j.state = 'succeeded'
      order by j.finished_at desc
      limit 1
      for share;
      if job.id is not null then
        how := 'cached';
        return;
      end if;
    end if;

    quota := edge.quota(find_job.kind);
    if (quota ->> 'left')::int = 0 then
      how := 'quota_exceeded';
      return;
    end if;
    insert into public.jobs (user_id, kind, attempt, endpoint, input, input_hash, is_joinable, expires_at)
    values (edge.uid(), find_job.kind, find_job.attempt, find_job.endpoint, find_job.input, hash, not find_job.refresh,
      edge.now() + make_interval(secs => find_job.ttl_s))
    on conflict (input_hash) where is_joinable and finished_at is null do nothing
    returning * into job;
    if job.id is not null then
      how := 'created';
      quota := edge.quota(find_job.kind);
      return;
    end if;
    -- Somebody was faster: theirs is to be joined, or has ended already.
  end loop;
end
$$;

-- Whether somebody has a file.
create function edge.result_is_wanted(url text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.jobs j
    where j.output ->> 'url' = result_is_wanted.url
      and (exists (select from public.scenes s where s.job_id = j.id and s.image_url is not null)
        or exists (select from public.creations c where c.job_id = j.id and c.result_url is not null)))
$$;

-- Files to be deleted now: results that nobody has any more, and what workers have uploaded, of which we keep a copy. Jobs
-- that ended within the hour are left alone: RunPod may repeat itself, and somebody may be about to be given theirs.
create function edge.files_to_forget(max integer default 40) returns table (job_id uuid, url text)
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  found constant uuid[] := array(
    select j.id
    from public.jobs j
    where j.output is not null and j.finished_at <= edge.now() - interval '1 hour'
      and (j.output ? 'upload'
        or not exists (select from public.scenes s where s.job_id = j.id and s.image_url is not null)
          and not exists (select from public.creations c where c.job_id = j.id and c.result_url is not null)
          and not edge.result_is_wanted(j.output ->> 'url'))
    order by j.finished_at, j.id
    limit least(files_to_forget.max, 1000)
    for update of j skip locked);
begin
  -- Looked at once more now that they are locked: somebody may have been given one in between.
  update public.jobs j
  set input = null, input_hash = null
  where j.id = any (found) and not edge.result_is_wanted(j.output ->> 'url');
  return query
  select j.id, file.url
  from public.jobs j, lateral (values
    (j.output ->> 'upload'),
    (case when not edge.result_is_wanted(j.output ->> 'url') then j.output ->> 'url' end)) as file (url)
  where j.id = any (found) and file.url is not null;
end
$$;

-- These files, `[{"job_id", "url"}]`, are gone. Returns `ok` {forgotten}.
create function edge.files_forgotten(files jsonb) returns jsonb
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

grant execute on function edge.files_to_forget(integer), edge.files_forgotten(jsonb) to service;

reset role;
