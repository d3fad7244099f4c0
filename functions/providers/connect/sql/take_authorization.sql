-- Takes up the authorization of a state that has come back from a provider, once.
--
-- Outcomes: `ok` {return_url, secret, row}, `row` being the place of the tokens to come; `state_expired` {return_url}, where it comes too late, twice, for another provider, or its person
-- may no longer act; `state_unknown`. `is_refused` ends it there and then.
create or replace function edge.take_authorization(state_hash text, provider text, is_refused boolean) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  a public.provider_authorizations;
  is_good boolean;
begin
  select p.* into a from public.provider_authorizations p where p.state_hash = take_authorization.state_hash for update;
  if a.state_hash is null then
    return jsonb_build_object('outcome', 'state_unknown');
  end if;
  is_good := a.taken_at is null and a.expires_at > edge.now() and a.provider::text = take_authorization.provider
    and exists (select from public.users u where u.id = a.user_id and u.is_active and not u.is_banned and u.deleted_at is null);
  if is_good then
    update public.provider_authorizations p set taken_at = edge.now() where p.state_hash = a.state_hash;
    if take_authorization.is_refused then
      perform edge.end_authorization(a.state_hash);
    end if;
  end if;
  return jsonb_build_object('outcome', case when is_good then 'ok' else 'state_expired' end, 'return_url', a.return_url)
    || case when is_good then jsonb_build_object('secret', a.secret, 'row', edge.token_place(a.user_id, a.provider)) else '{}' end;
end
$$;

grant execute on function edge.take_authorization(text, text, boolean) to anon;
