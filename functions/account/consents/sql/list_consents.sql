-- Every purpose with what the person of this request has decided, by name; one of them where `purpose` names it.
--
-- Each row is a purpose as it is in force: `version` and `text` in the language of the request, `granted` as
-- `edge.has_consent` has it, `decided_at` and `decided_version` of the latest decision, null where there is none.
create or replace function edge.list_consents(purpose text default null)
returns table (purpose text, version integer, text text, granted boolean, decided_version integer, decided_at timestamptz)
language sql stable security definer set search_path = ''
as $$
  select p.purpose, p.version, case edge.claim('language') when 'en' then p.text_en else p.text_fr end,
    coalesce(c.granted and c.version = p.version, false), c.version, c.decided_at
  from (
    select distinct on (o.purpose) o.* from public.consent_purposes o
    where list_consents.purpose is null or o.purpose = list_consents.purpose
    order by o.purpose, o.version desc) as p
  left join lateral (
    select d.granted, d.version, d.decided_at from public.consents d
    where d.user_id = edge.uid() and d.purpose = p.purpose
    order by d.id desc
    limit 1) as c on true
  order by p.purpose
$$;

grant execute on function edge.list_consents(text) to authenticated;
