-- The result that a link shows, in the link's language: no row where the link has expired or was taken back, or where its person
-- has closed their account or may not act.
create or replace function edge.shared_diagnostic(link uuid) returns table (
  id uuid, user_id uuid, created_at timestamptz, lang text, question_set_version text, analysis_version text, answers text)
language sql stable security definer set search_path = ''
as $$
  select e.id, e.user_id, e.created_at, l.lang, e.question_set_version, e.analysis_version, e.answers
  from public.career_links l
  join public.career_explorations e on e.id = l.exploration_id and e.user_id = l.user_id
  join public.users u on u.id = e.user_id
  where l.id = shared_diagnostic.link and l.expires_at > edge.now() and u.deleted_at is null and u.is_active and not u.is_banned
$$;

grant execute on function edge.shared_diagnostic(uuid) to service;
