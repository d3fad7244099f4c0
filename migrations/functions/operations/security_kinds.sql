-- Which actions of the audit log concern security, and how much: `notice`, `warning` or `critical`.
create or replace function edge.security_kinds() returns table (action text, severity text)
language sql immutable set search_path = ''
as $$
  values
    ('security.alert', 'critical'),
    ('auth.refresh_reused', 'warning'),
    ('accounts.changed', 'warning'),
    ('accounts.created', 'warning'),
    ('settings.changed', 'warning'),
    ('auth.login_failed', 'notice'),
    ('auth.login_refused', 'notice'),
    ('auth.password_refused', 'notice'),
    ('auth.password_reset_asked', 'notice'),
    ('auth.password_reset', 'notice'),
    ('auth.password_changed', 'notice'),
    ('auth.email_change_asked', 'notice'),
    ('auth.email_changed', 'notice'),
    ('auth.session_revoked', 'notice'),
    ('accounts.read', 'notice'),
    ('accounts.listed', 'notice'),
    ('accounts.erased', 'notice'),
    ('accounts.restored', 'notice'),
    ('data.read', 'notice'),
    ('audit.read', 'notice'),
    ('outbox.read', 'notice'),
    ('outbox.replayed', 'notice')
$$;
