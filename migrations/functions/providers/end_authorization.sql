-- Ends an authorization: what it held is forgotten, and a connection that was only waiting for it goes.
--
-- With `resume_s` it does not end but is taken up again after so many seconds, by `providers-refresh`, ten times at most;
-- `cause` is then what the person reads. The answer says whether it has ended.
create or replace function edge.end_authorization(state_hash text, resume_s integer default null, cause text default null)
returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  a public.provider_authorizations;
begin
  update public.provider_authorizations p
  set attempts = p.attempts + 1, resume_at = edge.now() + make_interval(secs => end_authorization.resume_s * 2 ^ p.attempts),
    ended_at = case when end_authorization.resume_s is null or p.attempts >= 9 or p.granted is null then edge.now() end
  where p.state_hash = end_authorization.state_hash and p.taken_at is not null and p.ended_at is null
  returning p.* into a;
  if a.ended_at is not null then
    update public.provider_authorizations p set granted = null, secret = null where p.state_hash = a.state_hash;
    delete from public.provider_connections p where p.user_id = a.user_id and p.provider = a.provider and p.status = 'pending';
  else
    update public.provider_connections p set cause = end_authorization.cause, cause_at = edge.now()
    where p.user_id = a.user_id and p.provider = a.provider and p.status = 'pending';
  end if;
  return a.ended_at is not null;
end
$$;

grant execute on function edge.end_authorization(text, integer, text) to anon, service;
