-- Up to `most` authorizations whose grant is there, but not yet the account that it is for: the provider did not answer, or wants something of the person first.
create or replace function edge.unfinished_authorizations(most integer) returns table (state_hash text, place text, provider text, granted text)
language sql volatile security definer set search_path = ''
as $$
  with due as (
    select a.state_hash from public.provider_authorizations a
    where a.granted is not null and a.ended_at is null and a.resume_at <= edge.now()
    order by a.resume_at
    limit unfinished_authorizations.most
    for update skip locked
  )
  update public.provider_authorizations a set resume_at = edge.now() + interval '2 minutes'
  from due where due.state_hash = a.state_hash
  returning a.state_hash, edge.token_place(a.user_id, a.provider), a.provider::text, a.granted
$$;

grant execute on function edge.unfinished_authorizations(integer) to service;
