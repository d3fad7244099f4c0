-- Takes back a freeze of the person of this request, or what is left of a pause.
--
-- A freeze goes wholly, and so does a pause that has not begun; of a pause that has begun, the days that have been stay
-- excused. Returns the pause that now ends yesterday, as in `edge.freeze_days`, or null where nothing is left. Raises
-- `OR404 not_found` and `OR409 skip_is_over`.
create or replace function edge.unfreeze_days(id bigint) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  kept public.streak_freezes;
begin
  select f.* into kept from public.streak_freezes f
  where f.id = unfreeze_days.id and f.user_id = edge.uid() for update;
  if kept.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif kept.kind = 'freeze' or kept.from_day >= edge.today() then
    delete from public.streak_freezes f where f.id = kept.id;
    return null;
  elsif kept.to_day < edge.today() then
    raise exception using errcode = 'OR409', message = 'skip_is_over';
  end if;
  update public.streak_freezes f set to_day = edge.today() - 1 where f.id = kept.id returning f.* into kept;
  return to_jsonb(kept);
end
$$;

grant execute on function edge.unfreeze_days(bigint) to authenticated;
