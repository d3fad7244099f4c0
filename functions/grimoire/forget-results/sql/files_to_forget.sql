-- Finds stored files that are to be deleted now: results that nobody has any more, and what workers have uploaded.
--
-- A result belongs to those who asked for it. Once nobody has it any more, because their accounts or creations were deleted,
-- its file leaves the storage too. The job stays in the ledger, for the numbers, and forgets what it was asked for; that
-- happens here, before the file is deleted, and from then on nobody is given it from the cache. The file's address is kept
-- until the storage has said that the file is gone (`edge.files_forgotten`), so that the next run makes up for one that dies
-- in between. Files of different jobs have different names; a file that several jobs name stays as long as any of them is
-- wanted.
--
-- Of what a worker has uploaded we keep a copy, so the upload is to be deleted. Jobs that ended within the hour are left
-- alone: RunPod may repeat itself, and somebody may be about to be given their result. Each row is {job_id, url}, and a job
-- may have two. A call finds the files of at most `max` jobs, and never of more than 1,000, those first that ended first.
create or replace function edge.files_to_forget(max integer default 40) returns table (job_id uuid, url text)
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

grant execute on function edge.files_to_forget(integer) to service;
