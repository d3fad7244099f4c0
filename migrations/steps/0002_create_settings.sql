-- Configuration that changes without a deployment: quotas, retention, switches. Statements read a value inside SQL by
-- `edge.setting`; no request makes an extra call for it.
--
-- A setting is made by `settings.sql`, with the bounds below that its readers rely on. An administrator changes its
-- value, and the next statement that reads it sees the new one. A key that this release does not know may be stored; a
-- value that this release would stumble over may not.
--
-- The value of a secret setting can be written and never read again: not in answers, not in the history.
--
-- An entitlement is a setting by tier: {"FREE": 10, "PREMIUM": 100}.

create table public.settings (
  key text primary key check (key ~ '^[a-z][a-z0-9_.]{0,62}$'),
  value jsonb not null check (octet_length(value::text) <= 16384),
  updated_by uuid,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  is_secret boolean not null default false,
  -- The documents promise 90 days; a legal hold may lengthen that, nothing may shorten it.
  constraint settings_retention_days_range check (
    case when key = 'retention_days'
      then coalesce(value::text ~ '^[0-9]{2,4}$' and value::text::int between 90 and 3650, false) else true end
  ),
  constraint settings_verify_first_boolean check (
    case when key = 'verify_first' then jsonb_typeof(value) = 'boolean' else true end
  ),
  constraint settings_bcrypt_cost_range check (
    case when key = 'bcrypt_cost' then coalesce(value::text ~ '^1[0-4]$', false) else true end
  ),
  constraint settings_erasure_grace_days_range check (
    case when key = 'erasure_grace_days'
      then coalesce(value::text ~ '^[0-9]{1,2}$' and value::text::int between 1 and 90, false) else true end
  ),
  constraint settings_calls_per_run_range check (
    case when key = 'calls_per_run'
      then case when jsonb_typeof(value) = 'number' then (value #>> '{}')::numeric between 50 and 10000 else false end
      else true end
  ),
  constraint settings_security_alerts_shape check (
    case when key = 'security_alerts'
      then coalesce(
        value ->> 'login_failed' ~ '^[0-9]{1,6}$' and value ->> 'networks_locked' ~ '^[0-9]{1,6}$'
        and value ->> 'refresh_reused' ~ '^[0-9]{1,6}$' and value ->> 'people_read' ~ '^[0-9]{1,6}$'
        and value ->> 'rights_given' ~ '^[0-9]{1,6}$'
        and value - array['login_failed', 'networks_locked', 'refresh_reused', 'people_read', 'rights_given'] = '{}',
        false)
      else true end
  ),
  constraint settings_kaizen_back_days_range check (
    key <> 'kaizen_back_days' or (jsonb_typeof(value) = 'number' and value::text ~ '^[0-9]{1,4}$')
  ),
  constraint settings_freezes_per_month_range check (
    key <> 'freezes_per_month' or (jsonb_typeof(value) = 'number' and value::text ~ '^([12]?[0-9]|3[01])$')
  ),
  constraint settings_scenes_per_day_by_tier check (
    case when key = 'scenes_per_day'
      then coalesce(
        value ->> 'FREE' ~ '^[0-9]{1,6}$' and value ->> 'PREMIUM' ~ '^[0-9]{1,6}$'
        and jsonb_typeof(value -> 'FREE') = 'number' and jsonb_typeof(value -> 'PREMIUM') = 'number', false)
      else true end
  ),
  constraint settings_audio_per_day_by_tier check (
    case when key in ('audio_per_day', 'poses_per_day')
      then coalesce(
        value ->> 'FREE' ~ '^[0-9]{1,6}$' and value ->> 'PREMIUM' ~ '^[0-9]{1,6}$'
        and jsonb_typeof(value -> 'FREE') = 'number' and jsonb_typeof(value -> 'PREMIUM') = 'number', false)
      else true end
  ),
  constraint settings_models_by_kind check (
    case when key = 'models'
      then jsonb_typeof(value) = 'object' and not jsonb_path_exists(value, '$.* ? (@.type() != "string")') else true end
  ),
  -- {"world": {"words": ["Orée"], "free_text": true}, …}
  constraint settings_scene_vocabulary_shape check (
    case when key = 'scene_vocabulary'
      then jsonb_typeof(value) = 'object' and not jsonb_path_exists(value,
        '$.* ? (!(@.words.type() == "array" && @.free_text.type() == "boolean"))') else true end
  ),
  constraint settings_latency_drift_shape check (
    case when key = 'latency_drift'
      then coalesce(
        jsonb_typeof(value -> 'factor') = 'number' and jsonb_typeof(value -> 'fewest_jobs') = 'number'
        and (value ->> 'factor')::numeric between 1.1 and 1000
        and value ->> 'fewest_jobs' ~ '^[1-9][0-9]{0,5}$', false)
      else true end
  ),
  constraint settings_gpu_prices_by_kind check (
    case when key = 'gpu_prices'
      then jsonb_typeof(value) = 'object'
        and not jsonb_path_exists(value, '$.* ? (@.type() != "number" || @ < 0 || @ > 1)') else true end
  ),
  constraint settings_subscription_days_range check (
    case when key in ('subscription_grace_days', 'subscription_notice_days')
      then coalesce(value::text ~ '^[0-9]{1,2}$' and value::text::int between 0 and 60, false) else true end
  ),
  -- With fewer than five, quarters would tell of everybody.
  constraint settings_smallest_group_range check (
    case when key = 'smallest_group'
      then coalesce(value::text ~ '^[0-9]{1,3}$' and value::text::int between 5 and 500, false) else true end
  ),
  constraint settings_organisation_founders_roles check (
    case when key = 'organisation_founders' then value <@ '["user", "manager", "admin"]' else true end
  ),
  constraint settings_organisations_by_tier check (
    case when key in ('organisations_managed', 'organisation_members')
      then coalesce(
        value ->> 'FREE' ~ '^[0-9]{1,6}$' and value ->> 'PREMIUM' ~ '^[0-9]{1,6}$'
        and jsonb_typeof(value -> 'FREE') = 'number' and jsonb_typeof(value -> 'PREMIUM') = 'number', false)
      else true end
  )
);

alter table public.settings enable row level security;
revoke all on public.settings from public, anon, authenticated;
