-- What a person's sessions add up to: one row a module that has any, or that of `module` alone. `today` is the person's own date.
--
-- Numbers are of completed sessions, but for `started` (all there are), `unfinished` (abandoned or expired) and `partial_seconds`,
-- the time in those. A streak is a run of days with a completed session; one that ended yesterday is still the current one, for today is
-- not over. `favorite` is the most frequent word, the latest where several are. `mood_pairs` is how many sessions have a mood before
-- and after, of which `mood_delta` is the mean difference. What there is nothing of to average is null.
create or replace function edge.session_stats(person uuid, today date, module text default null) returns table (
  module text, total bigint, started bigint, unfinished bigint, total_seconds bigint, partial_seconds bigint,
  average_seconds double precision, completion_rate double precision, current_streak integer, longest_streak integer, favorite text,
  mood_delta double precision, mood_pairs bigint, last_at timestamptz
)
language sql stable parallel safe
as $$
  with s as materialized (
    select w.module, w.state = 'completed' as is_done, w.state in ('abandoned', 'expired') as is_partial, w.date, w.word, w.started_at,
      w.duration_seconds as seconds, w.mood_delta as delta
    from public.wellness_sessions w
    where w.user_id = session_stats.person and (session_stats.module is null or w.module = session_stats.module)
  ),
  streaks as (
    select r.module, coalesce(max(r.length) filter (where r.last between session_stats.today - 1 and session_stats.today), 0) as current,
      max(r.length) as longest
    from (
      select d.module, max(d.date) as last, count(*)::integer as length
      from (select s.module, s.date, s.date - (row_number() over (partition by s.module order by s.date))::integer as run
        from s where s.is_done group by s.module, s.date) as d
      group by d.module, d.run) as r
    group by r.module
  ),
  favorites as (
    select distinct on (s.module) s.module, s.word
    from s where s.is_done and s.word is not null
    group by s.module, s.word order by s.module, count(*) desc, max(s.started_at) desc, s.word
  ),
  sums as (
    select s.module, count(*) filter (where is_done) as total, count(*) as started, count(*) filter (where is_partial) as unfinished,
      coalesce(sum(seconds) filter (where is_done), 0)::bigint as total_seconds,
      coalesce(sum(seconds) filter (where is_partial), 0)::bigint as partial_seconds,
      round(avg(seconds) filter (where is_done), 2)::double precision as average_seconds,
      round(100.0 * count(*) filter (where is_done) / count(*), 2)::double precision as completion_rate,
      round(avg(delta) filter (where is_done), 2)::double precision as mood_delta,
      count(delta) filter (where is_done) as mood_pairs, max(started_at) filter (where is_done) as last_at
    from s group by s.module
  )
  select a.module, a.total, a.started, a.unfinished, a.total_seconds, a.partial_seconds, a.average_seconds, a.completion_rate,
    coalesce(r.current, 0), coalesce(r.longest, 0), f.word, a.mood_delta, a.mood_pairs, a.last_at
  from sums a left join streaks r on r.module = a.module left join favorites f on f.module = a.module
$$;

grant execute on function edge.session_stats(uuid, date, text) to authenticated, service;
