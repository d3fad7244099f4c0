-- Finds the job for what a worker is to be given: one that is being made, one that was made, or a new one.
--
-- There is one job for everybody who asks for the same thing. "The same" is a hash of kind, endpoint, model version and what
-- the worker is given; a new version in the setting `models` changes the hash and so forgets all that was made. Whoever asks
-- for what is being made joins it, whoever asks for what was made is given it. `refresh` asks for a new job: nothing is
-- joined or taken from the cache, and nobody joins the new job while it is being made.
--
-- `how` is `joined`, `cached`, `created` or `quota_exceeded`, where the day's quota (`edge.quota`) allows no new job;
-- `quota` is the quota, null where none was needed. `attempt` is the number of the new job among those of its creation,
-- `ttl_s` how many seconds it may take from submission to result.
--
-- The caller holds the person's row, so that two requests of one person cannot both take the last job of the day. A job that
-- is joined or given from the cache is locked for sharing: nobody joins a job that has just ended, and nobody is given a
-- result that is being forgotten (`edge.files_to_forget`).
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
