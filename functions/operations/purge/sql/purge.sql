-- Forgets what has served its purpose: reports and logs after `retention_days` (a setting), the rest by a time of its own.
--
-- A call deletes at most `batch` rows of each table, oldest first, so that it never holds many locks; two calls at once skip
-- each other's rows. Outcome: `ok` {deleted: {table: count}, more, retention_days}; `more` says that a table may have more.
-- Each call writes its report to the audit log, `retention.purged`, itself a row that the same rule will remove.
create or replace function edge.purge(batch integer default 1000) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  retention_days constant integer := coalesce(edge.setting('retention_days')::text::int, 90);
  rule record;
  gone integer;
  deleted jsonb := '{}';
  more boolean := false;
begin
  for rule in
    select *
    from (values
      ('qa_reports', 'created_at', retention_days),
      ('audit_logs', 'timestamp', retention_days),
      ('outbox', 'created_at', retention_days),
      ('webhook_deliveries', 'received_at', retention_days),
      ('cron_runs', 'due_at', retention_days),
      ('idempotency_keys', 'expires_at', 0),
      ('user_sessions', 'expires_at', 30),
      ('user_session_tokens', 'replaced_at', 30),
      ('login_failures', 'failed_at', 1),
      ('sign_in_sources', 'seen_at', 90),
      -- They hold addresses of people who never answered.
      ('organisation_invitations', 'expires_at', 30)
    ) as rules (relation, since, days)
  loop
    execute format(
      'delete from public.%1$I where ctid = any (array(
         select ctid from public.%1$I where %2$I < $1 order by %2$I limit $2 for update skip locked))',
      rule.relation, rule.since)
    using edge.now() - make_interval(days => rule.days), batch;
    get diagnostics gone = row_count;
    deleted := deleted || jsonb_build_object(rule.relation, gone);
    more := more or gone >= batch;
  end loop;

  perform edge.audit('retention.purged',
    jsonb_build_object('deleted', deleted, 'more', more, 'retention_days', retention_days));
  return jsonb_build_object('outcome', 'ok', 'deleted', deleted, 'more', more, 'retention_days', retention_days);
end
$$;

grant execute on function edge.purge(integer) to service;
