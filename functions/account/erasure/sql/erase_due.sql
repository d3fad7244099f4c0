-- Deletes accounts whose grace period is over, one person after the other, and links in letters a day after their end.
--
-- `edge.erased_at` says when that is. A call takes about `batch` rows and at most a hundred people, those
-- first who have waited longest. So a history of any length goes in calls of a bounded length, each of which begins where the
-- one before ended, for what is gone is gone. When little is left of a person they go, with their row in `users` and what
-- hangs on it; so does what is kept by their address and not by their id (`edge.forget_address`).
--
-- Whoever cannot be deleted does not hold up the others: what went wrong is rolled back and marked in the account
-- (`users.erasure_failed_at`), which is left alone for an hour and then comes after all others.
--
-- Organisations are locked before the person, as everywhere (`edge.revoke_sessions`). One call works at a time. Outcome: `ok`
-- {accounts, rows, failed, links, more}: `accounts` are gone, `failed` is the SQLSTATE of what went wrong, or null; `more` says
-- that there may be more.
create or replace function edge.erase_due(batch integer default 10000) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
  owned record;
  gone integer;
  taken integer;
  rows integer := 0;
  accounts integer := 0;
  links integer;
  failed text;
begin
  delete from public.user_tokens t where t.hash = any (array(
    select d.hash from public.user_tokens d where d.expires_at < edge.now() - interval '1 day'
    order by d.expires_at limit least(erase_due.batch, 1000) for update skip locked));
  get diagnostics links = row_count;

  if pg_try_advisory_xact_lock(hashtextextended('erasure', 0)) then
    loop
      select u.* into person from public.users u
      where u.deleted_at is not null and edge.erased_at(u) <= edge.now() and coalesce(u.erasure_failed_at <= edge.now() - interval '1 hour', true)
      order by u.erasure_failed_at nulls first, u.deleted_at, u.id
      limit 1;
      exit when person.id is null or rows >= erase_due.batch or accounts >= 100 or failed is not null;
      begin
        perform from public.organisations o
        where o.id in (select m.organisation_id from public.organisation_members m where m.user_id = person.id)
        order by o.id
        for update;
        -- Somebody may have restored the account meanwhile.
        perform from public.users u where u.id = person.id and edge.erased_at(u) <= edge.now() for update;
        continue when not found;
        taken := 0;
        for owned in select o.statement from edge.owned_rows() as o loop
          execute owned.statement using person.id, erase_due.batch;
          get diagnostics gone = row_count;
          taken := taken + gone;
          exit when rows + taken >= erase_due.batch;
        end loop;
        if rows + taken < erase_due.batch then
          perform edge.forget_address(person.email);
          delete from public.users u where u.id = person.id;
          perform edge.audit('accounts.deleted', jsonb_build_object('accounts', 1));
          accounts := accounts + 1;
        end if;
        rows := rows + taken;
      exception when query_canceled or others then
        get stacked diagnostics failed = returned_sqlstate;
        update public.users u set erasure_failed_at = edge.now() where u.id = person.id;
        perform edge.audit('accounts.deletion_failed', jsonb_build_object('subject', person.id, 'sqlstate', failed));
      end;
    end loop;
  end if;
  return jsonb_build_object('outcome', 'ok', 'accounts', accounts, 'rows', rows, 'failed', failed, 'links', links,
    'more', person.id is not null or links >= least(erase_due.batch, 1000));
end
$$;

grant execute on function edge.erase_due(integer) to service;
