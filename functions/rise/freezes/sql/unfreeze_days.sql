-- Takes back a freeze of the person of this request, or what is left of a pause.
--
-- A freeze goes wholly, and so does a pause that has not begun; of a pause that has begun, the days that have been stay
-- excused. Outcomes: `removed`; `shortened` {freeze}, a pause that ends yesterday; `over` {freeze}; `not_found`. `freeze` is
-- as in `edge.freeze_days`.
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
    return jsonb_build_object('outcome', 'not_found');
  elsif kept.kind = 'freeze' or kept.from_day >= edge.today() then
    delete from public.streak_freezes f where f.id = kept.id;
    return jsonb_build_object('outcome', 'removed');
  elsif kept.to_day < edge.today() then
    return jsonb_build_object('outcome', 'over', 'freeze', to_jsonb(kept));
  end if;
  update public.streak_freezes f set to_day = edge.today() - 1 where f.id = kept.id returning f.* into kept;
  return jsonb_build_object('outcome', 'shortened', 'freeze', to_jsonb(kept));
end
$$;

grant execute on function edge.unfreeze_days(bigint) to authenticated;
