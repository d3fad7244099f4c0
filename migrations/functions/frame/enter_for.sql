-- Puts the administrator of this request into the place of a person whose data they read.
--
-- It writes the audit row `data.read`, with `metadata.subject`, and then gives the request the person's id, clock and role
-- `user`, so that policies and statements show what the person sees and nothing else. From there on the transaction is read
-- only, unless the claim `writes` says that the endpoint writes. So one place decides this for every endpoint whose path
-- names a person (`auth: OwnerOrAdmin`), and no endpoint can forget the log.
--
-- Raises `OR403 forbidden` for everybody but administrators, `OR404 not_found` where there is no such person.
create or replace function edge.enter_for(subject uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
  today date;
begin
  perform edge.require_role(array['admin']);
  select u.* into person from public.users u where u.id = enter_for.subject;
  if person.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  today := edge.day_of(edge.now(), person.id, person.time_zone, person.day_end_hour, person.held_until);
  perform edge.audit('data.read',
    jsonb_build_object('subject', enter_for.subject, 'operation', edge.claim('operation')));
  perform
    set_config('oree.uid', enter_for.subject::text, true),
    set_config('oree.session', '', true),
    set_config('oree.role', 'user', true),
    set_config('oree.today', to_char(today, 'YYYY-MM-DD'), true),
    set_config('request.jwt.claims', (current_setting('request.jwt.claims')::jsonb
      || jsonb_build_object('sub', enter_for.subject, 'session', null))::text, true),
    set_config('transaction_read_only', case edge.claim('writes') when 'true' then 'off' else 'on' end, true);
end
$$;
