-- Computes the aggregates of an organisation for one week that is over, and keeps them for good.
--
-- `week` is the week's Monday. Managers read these aggregates and nothing else of their members: never an entry, a session
-- or a journal. Each week is computed once and kept, so nobody gets at a person's value by asking again after somebody came
-- or went, or by shifting a range, for there is none. A person is a member of one organisation at most, so that two groups
-- that differ by one person cannot be compared. The aggregates are of the members who belonged to the organisation from the
-- week's first day, and of no managers, who know their own values.
--
-- A value is kept only where enough people gave it, coarsely (`edge.group_share`, `edge.group_mean`): rates are rounded to a
-- twentieth and minutes to five. Nobody weighs more than anybody else: each person has one voice, and ten hours of zazen at most.
-- What is left: who has the other members of the smallest group collude learns about the last one.
create or replace function edge.keep_organisation_week(organisation uuid, week date) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.organisation_weeks (
    organisation_id, week, members, active_share, kaizen_members, kaizen_completion, zazen_members, zazen_minutes)
  select keep_organisation_week.organisation, keep_organisation_week.week, count(m.user_id),
    edge.group_share(count(*) filter (where k.days > 0 or z.minutes is not null), count(m.user_id)),
    count(*) filter (where k.days > 0),
    edge.group_mean(sum(k.completion), count(*) filter (where k.days > 0), 0.05),
    count(z.minutes),
    edge.group_mean(sum(z.minutes), count(z.minutes), 5)
  from (select) as one_row
  left join public.organisation_members m
    on m.organisation_id = keep_organisation_week.organisation and m.role = 'member'
      and (m.joined_at at time zone 'UTC')::date <= keep_organisation_week.week,
    lateral (
      select count(*) as days, avg(e.completed::int) as completion
      from public.kaizen e
      where e.user_id = m.user_id and e.deleted_at is null
        and e.date between keep_organisation_week.week and keep_organisation_week.week + 6) as k,
    lateral (
      -- `least` alone would make ten hours of nothing.
      select case when count(*) > 0 then least(sum(s.duration) / 60.0, 600) end as minutes
      from public.zazen_sessions s
      where s.user_id = m.user_id and s.deleted_at is null
        and s.date between keep_organisation_week.week and keep_organisation_week.week + 6) as z
  on conflict (organisation_id, week) do nothing
$$;
