-- Deletes what activities tell of a module of the person of this request, or of one session of it: a row of its table, whose activity
-- may have become part of a day's totals since.
create or replace function edge.forget_activities(module text, session jsonb) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  day date;
begin
  delete from public.user_activities a
  where a.user_id = edge.uid() and a.module_name = forget_activities.module
    and (forget_activities.session is null or a.session_id = (forget_activities.session ->> 'id')::uuid);
  if forget_activities.session is null then
    delete from public.user_activity_days d where d.user_id = edge.uid() and d.module_name = forget_activities.module;
  elsif not found and forget_activities.session ->> 'state' = 'completed' then
    day := edge.day_of((forget_activities.session ->> 'ended_at')::timestamptz);
    delete from public.user_activity_days d
    where d.user_id = edge.uid() and d.module_name = forget_activities.module and d.date = day and d.activities = 1;
    update public.user_activity_days d
    set activities = d.activities - 1, timed = greatest(0, d.timed - 1),
      duration_seconds = greatest(0, d.duration_seconds - (forget_activities.session ->> 'duration_seconds')::integer)
    where d.user_id = edge.uid() and d.module_name = forget_activities.module and d.date = day;
  end if;
end
$$;

grant execute on function edge.forget_activities(text, jsonb) to authenticated;
