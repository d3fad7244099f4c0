-- Places a freeze, or plans a pause, for the person of this request.
--
-- `kind` is `freeze` or `skip`. A freeze takes one of the month's freezes per day (`edge.freezes_left`), and may lie as far
-- back as an entry (`edge.kaizen_oldest`) and up to 31 days ahead. A skip is a pause that is planned ahead, from today on
-- and up to 366 days ahead; it takes no freeze. Both days are included.
--
-- Returns {freeze, is_new}, also where it was there; `freeze` is {id, user_id, kind, from_day, to_day, created_at}. Raises
-- `OR409 freeze_overlaps` {freeze_id}, the one that is in the way; `OR422 date_too_old` {oldest} and `date_too_far` {latest};
-- `OR409 no_freezes_left` {month, left}, `month` as `YYYY-MM`.
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
    return jsonb_build_object('freeze', to_jsonb(other), 'is_new', false);
  elsif other.id is not null then
    raise exception using errcode = 'OR409', message = 'freeze_overlaps', detail = jsonb_build_object('freeze_id', other.id);
  elsif from_day < oldest then
    raise exception using errcode = 'OR422', message = 'date_too_old',
      detail = jsonb_build_object('field', 'from', 'oldest', oldest);
  elsif to_day > latest then
    raise exception using errcode = 'OR422', message = 'date_too_far',
      detail = jsonb_build_object('field', 'to', 'latest', latest);
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
      raise exception using errcode = 'OR409', message = 'no_freezes_left',
        detail = jsonb_build_object('month', to_char(short.month, 'YYYY-MM'), 'left', short.free);
    end if;
  end if;
  insert into public.streak_freezes (user_id, kind, from_day, to_day)
  values (edge.uid(), kind, from_day, to_day)
  returning * into other;
  return jsonb_build_object('freeze', to_jsonb(other), 'is_new', true);
end
$$;

grant execute on function edge.freeze_days(text, date, date) to authenticated;
