-- Refuses what the person of this request has not consented to.
--
-- The first statement of whatever works with what people must agree to: a decision of theirs holds from the next request on,
-- without anything being told to anybody. Raises `OR403 consent_required` where `edge.has_consent` says no.
create or replace function edge.require_consent(purpose text) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if not edge.has_consent(edge.uid(), require_consent.purpose) then
    raise exception using errcode = 'OR403', message = 'consent_required';
  end if;
end
$$;

grant execute on function edge.require_consent(text) to authenticated;
