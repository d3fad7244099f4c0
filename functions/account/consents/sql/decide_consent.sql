-- Adds a decision of the person of this request about a purpose, unless it is what they decided last.
--
-- `version` is the version of the text that they read; null for the one in force. A yes is to the text in force or to none; a
-- no is never refused. Raises `OR409 consent_outdated`, where they read another text, and `OR404 not_found`, where there is no
-- such purpose.
create or replace function edge.decide_consent(purpose text, granted boolean, version integer default null) returns void
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  in_force integer;
  latest public.consents;
begin
  -- One decision at a time, so that the latest row is what was decided last.
  perform from public.users u where u.id = edge.uid() for no key update;
  select p.version into in_force from public.consent_purposes p
  where p.purpose = decide_consent.purpose order by p.version desc limit 1;
  if in_force is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif decide_consent.granted and decide_consent.version <> in_force then
    raise exception using errcode = 'OR409', message = 'consent_outdated';
  end if;
  select c.* into latest from public.consents c
  where c.user_id = edge.uid() and c.purpose = decide_consent.purpose order by c.id desc limit 1;
  if (latest.granted, latest.version) is distinct from (decide_consent.granted, in_force) then
    insert into public.consents (user_id, purpose, version, granted)
    values (edge.uid(), decide_consent.purpose, in_force, decide_consent.granted);
  end if;
end
$$;

grant execute on function edge.decide_consent(text, boolean, integer) to authenticated;
