-- Deletes the accounts whose grace period is over, and links in letters a day after their end.
--
-- A person's data is deleted with their row in `users`; letters that are still on their way to them go too. The grace period
-- is the setting `erasure_grace_days`. Outcome: `ok` {accounts, links, more}: at most `batch` accounts and ten times as many
-- links at once, oldest first; `more` says that there may be more.
create or replace function edge.erase_due(batch integer default 100) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  grace constant interval := make_interval(days => coalesce((edge.setting('erasure_grace_days') #>> '{}')::int, 30));
  due constant uuid[] := array(
    select u.id from public.users u where u.deleted_at <= edge.now() - grace
    order by u.deleted_at limit erase_due.batch for update skip locked);
  links integer;
begin
  delete from public.outbox o where o.user_id = any (due) and o.kind = 'mail';
  delete from public.users u where u.id = any (due);
  delete from public.user_tokens t where t.hash = any (array(
    select d.hash from public.user_tokens d where d.expires_at < edge.now() - interval '1 day'
    order by d.expires_at limit erase_due.batch * 10 for update skip locked));
  get diagnostics links = row_count;
  if cardinality(due) > 0 then
    perform edge.audit('accounts.deleted', jsonb_build_object('accounts', cardinality(due)));
  end if;
  return jsonb_build_object('outcome', 'ok', 'accounts', cardinality(due), 'links', links,
    'more', cardinality(due) >= erase_due.batch or links >= erase_due.batch * 10);
end
$$;

grant execute on function edge.erase_due(integer) to service;
