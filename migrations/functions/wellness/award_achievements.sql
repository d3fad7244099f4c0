-- Awards the person of this request what they have won and do not have yet, with its badge. Once, however often it is called.
create or replace function edge.award_achievements() returns void
language sql volatile security definer set search_path = ''
as $$
  with won as (
    insert into public.user_achievements (user_id, achievement_id)
    select edge.uid(), a.id from edge.achievements_of() as a where a.is_met and a.unlocked_at is null
    on conflict do nothing
    returning achievement_id
  )
  insert into public.badges (user_id, achievement_id, name, description, image_url)
  select edge.uid(), a.id, a.name, a.description, '/badges/' || (a.rewards ->> 'badge') || '.svg'
  from won w join public.achievements a on a.id = w.achievement_id
  where a.rewards ? 'badge'
  on conflict do nothing
$$;

grant execute on function edge.award_achievements() to authenticated;
