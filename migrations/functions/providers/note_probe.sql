-- Records what a provider said when it was asked whether a connection still holds, with the tokens of `version`.
--
-- `answer` is `holds`, `rejected` (401: the access token is not taken), `gone` (the provider says that the person has
-- left), or `unclear`, which says nothing. A rejected token is renewed first where that is possible; one that was renewed after it
-- had been rejected, and is rejected again, was revoked. An answer to tokens that are no longer there says nothing either.
create or replace function edge.note_probe(connection bigint, version integer, answer text) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  c public.provider_connections;
begin
  c := edge.locked_connection(note_probe.connection);
  if c.status in ('active', 'paused_by_user') and c.token_version = note_probe.version then
    if note_probe.answer = 'holds' then
      update public.provider_connections p set probed_at = edge.now(), cause = null, failures = 0 where p.id = c.id;
    elsif note_probe.answer = 'gone'
      or (note_probe.answer = 'rejected' and (c.refresh_token is null or (c.cause = 'rejected' and c.refreshed_at >= c.cause_at)))
    then
      perform edge.lose_provider(c.id, 'revoked_by_provider', 'revoked');
    elsif note_probe.answer = 'rejected' then
      update public.provider_connections p
      set probed_at = edge.now(), cause = 'rejected', cause_at = edge.now(), refresh_at = edge.now()
      where p.id = c.id;
    end if;
  end if;
  return (select p.status from public.provider_connections p where p.id = c.id);
end
$$;

grant execute on function edge.note_probe(bigint, integer, text) to authenticated, service;
