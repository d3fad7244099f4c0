-- Tells whether a person consents to a purpose at this moment.
--
-- It is so where the latest decision (`consents`) is a yes to the version of the text that is in force (`consent_purposes`). No
-- decision is a no. Functions that compute over many people ask it of each; one that needs the consent of whoever calls says
-- `edge.require_consent`.
create or replace function edge.has_consent(person uuid, purpose text) returns boolean
language sql stable security definer set search_path = ''
as $$
  select coalesce((
    select c.granted and c.version = (
      select p.version from public.consent_purposes p where p.purpose = has_consent.purpose order by p.version desc limit 1)
    from public.consents c
    where c.user_id = has_consent.person and c.purpose = has_consent.purpose
    order by c.id desc
    limit 1), false)
$$;

grant execute on function edge.has_consent(uuid, text) to service;
