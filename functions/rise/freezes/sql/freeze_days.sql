-- Places a freeze, or plans a pause, for the person of this request.
--
-- `kind` is `freeze` or `skip`. A freeze takes one of the month's freezes per day (`edge.freezes_left`), and may lie as far
-- back as an entry (`edge.kaizen_oldest`) and up to 31 days ahead. A skip is a pause that is planned ahead, from today on
-- and up to 366 days ahead; it takes no freeze. Both days are included.
--
-- Outcomes: `created`, `unchanged` (it was there) {freeze}; `overlaps` {freeze}, the one that is in the way; `too_early`
-- {oldest}; `too_late` {latest}; `none_left` {month, left}, `month` being its first day. `freeze` is {id, user_id, kind,
-- from_day, to_day, created_at}.
create or replace function edge.freeze_days(kind text, from_day date, to_day date) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_variable
declare
  oldest constant date := case kind when 'freeze' then edge.kaizen_oldest() else edge.today() end;
  latest constant date := edge.today() + case kind when 'freeze' then 31 else 366 end;
  short record;
  other public.streak_freezes;
begin
  -- One at a time per person, so that two requests cannot both take the last one.
  perform from public.users u where u.id = edge.uid() for no key update;
  select f.* into other
  from public.streak_freezes f
  where f.user_id = edge.uid() and f.from_day <= to_day and f.to_day >= from_day
  order by f.from_day limit 1;
  if (other.kind, other.from_day, other.to_day) = (kind, from_day, to_day) then
    return jsonb_build_object('outcome', 'unchanged', 'freeze', to_jsonb(other));
  elsif other.id is not null then
    return jsonb_build_object('outcome', 'overlaps', 'freeze', to_jsonb(other));
  elsif from_day < oldest then
    return jsonb_build_object('outcome', 'too_early', 'oldest', oldest);
  elsif to_day > latest then
    return jsonb_build_object('outcome', 'too_late', 'latest', latest);
  end if;
  if kind = 'freeze' then
    select m.month, m.free into short
    from (
      select date_trunc('month', from_day + n)::date as month, count(*) as wanted,
        edge.freezes_left(date_trunc('month', from_day + n)::date) as free
      from generate_series(0, to_day - from_day) as n
      group by 1
    ) as m
    where m.wanted > m.free
    order by m.month limit 1;
    if found then
      return jsonb_build_object('outcome', 'none_left', 'month', short.month, 'left', short.free);
    end if;
  end if;
  insert into public.streak_freezes (user_id, kind, from_day, to_day)
  values (edge.uid(), kind, from_day, to_day)
  returning * into other;
  return jsonb_build_object('outcome', 'created', 'freeze', to_jsonb(other));
end
$$;

grant execute on function edge.freeze_days(text, date, date) to authenticated;
