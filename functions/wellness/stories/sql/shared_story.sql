-- The story that a link shows: no row where the link was taken back, or where its person has closed their account or may not act.
create or replace function edge.shared_story(link uuid) returns table (title text, paragraphs jsonb, theme text, tone text)
language sql stable security definer set search_path = ''
as $$
  select t.title, t.paragraphs, s.theme, s.tone
  from public.stories t
  join public.story_sessions s on s.id = t.session_id
  join public.users u on u.id = t.user_id
  where t.link_id = shared_story.link and u.deleted_at is null and u.is_active and not u.is_banned
$$;

grant execute on function edge.shared_story(uuid) to service;
