-- The settings: what each is for, its value until an administrator changes it, and the values that its readers can work with
-- (JSON Schema, as far as `edge.is_valid` goes). A value that stands is left alone; where it no longer fits, this file fails,
-- and a step must change it first.

insert into public.settings as s (key, value, schema, about, created_at, updated_at)
select d.key, d.value, d.schema, d.about, statement_timestamp(), statement_timestamp()
from
  (select '{"type": "object", "required": ["FREE", "PREMIUM"], "properties": {
    "FREE": {"type": "integer", "minimum": 0, "maximum": 999999},
    "PREMIUM": {"type": "integer", "minimum": 0, "maximum": 999999}}}'::jsonb as by_tier) as shapes,
  lateral (values
    ('audio_licence', '"CC-BY-4.0"'::jsonb, '{"type": "string"}'::jsonb,
      'Under which terms a sound may be used; written down with each sound when it is asked for.'),
    ('audio_per_day', '{"FREE": 10, "PREMIUM": 100}', by_tier, 'How many sounds a person may ask for in a day, by tier.'),
    ('bcrypt_cost', '10', '{"type": "integer", "minimum": 10, "maximum": 14}',
      'What a password hash costs, each step twice the time of the one before. It holds from the next sign-in on.'),
    ('billing_page', '""', '{"type": "string"}',
      'Where people end a subscription after they have closed their account; empty: the page of the product.'),
    ('calls_per_run', '1000', '{"type": "integer", "minimum": 50, "maximum": 10000}',
      'How many outgoing calls one run may make, as the plan of the platform allows: Workers Free has 50, Workers Paid 1,000.'),
    ('erasure_grace_days', '30', '{"type": "integer", "minimum": 1, "maximum": 90}',
      'How many days after its erasure an account is deleted; until then an administrator can restore it.'),
    ('file_megabytes', '{"FREE": 200, "PREMIUM": 10000}', by_tier,
      'How many megabytes of files a person may have uploaded, by tier.'),
    ('freezes_per_month', '2', '{"type": "integer", "minimum": 0, "maximum": 31}',
      'How many days of a month a person may freeze in their streak.'),
    ('gpu_prices', '{}', '{"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}',
      'What a second of computing costs by kind of creation, in the currency of the bill: {"scene": 0.00031}. A job of a kind '
        'without a price has no cost.'),
    ('kaizen_back_days', '30', '{"type": "integer", "minimum": 0, "maximum": 9999}',
      'How many days back a kaizen entry may be dated.'),
    ('latency_drift', '{"factor": 2, "fewest_jobs": 20}',
      '{"type": "object", "required": ["factor", "fewest_jobs"], "properties": {
        "factor": {"type": "number", "minimum": 1.1, "maximum": 1000},
        "fewest_jobs": {"type": "integer", "minimum": 1, "maximum": 999999}}}',
      'From which factor on a day''s latency departs from the usual one, and how many jobs a day needs to say anything.'),
    ('models', '{"scene": "1", "pose": "1", "audio": "1"}', '{"type": "object", "additionalProperties": {"type": "string"}}',
      'The version of the model by kind of creation. A new version forgets every result: what is asked for is made anew.'),
    ('organisation_founders', '["user", "manager", "admin"]',
      '{"type": "array", "items": {"enum": ["user", "manager", "admin"]}}',
      'Whoever has one of these roles and a verified address may found an organisation.'),
    ('organisation_members', '{"FREE": 10, "PREMIUM": 1000}', by_tier,
      'How many members an organisation may have, open invitations among them, by the tier of who invites.'),
    ('organisations_managed', '{"FREE": 1, "PREMIUM": 10}', by_tier, 'How many organisations a person may manage, by tier.'),
    ('poses_per_day', '{"FREE": 20, "PREMIUM": 200}', by_tier, 'How many poses a person may ask for in a day, by tier.'),
    ('psychometrics_people', '100', '{"type": "integer", "minimum": 50, "maximum": 100000}',
      'Over how many consenting people a scale of the questionnaire is measured at least.'),
    -- The documents promise 90 days; nothing may shorten that.
    ('retention_days', '90', '{"type": "integer", "minimum": 90, "maximum": 3650}',
      'After how many days reports and logs are forgotten. A legal hold may lengthen it.'),
    ('scene_vocabulary', '{
        "world": {"words": [], "free_text": true}, "era": {"words": [], "free_text": true},
        "class": {"words": [], "free_text": true}, "pose": {"words": [], "free_text": true},
        "decor": {"words": [], "free_text": true}}',
      '{"type": "object", "additionalProperties": {
        "type": "object", "required": ["words", "free_text"],
        "properties": {"words": {"type": "array", "items": {"type": "string"}}, "free_text": {"type": "boolean"}}}}',
      'By field of a scene the words that may be chosen, and whether others may be written. They hold for poses too.'),
    ('scenes_per_day', '{"FREE": 20, "PREMIUM": 200}', by_tier, 'How many scenes a person may ask for in a day, by tier.'),
    ('security_alerts',
      '{"login_failed": 500, "networks_locked": 3, "refresh_reused": 5, "people_read": 50, "rights_given": 1}',
      '{"type": "object", "additionalProperties": false,
        "required": ["login_failed", "networks_locked", "refresh_reused", "people_read", "rights_given"],
        "properties": {
          "login_failed": {"type": "integer", "minimum": 0, "maximum": 999999},
          "networks_locked": {"type": "integer", "minimum": 0, "maximum": 999999},
          "refresh_reused": {"type": "integer", "minimum": 0, "maximum": 999999},
          "people_read": {"type": "integer", "minimum": 0, "maximum": 999999},
          "rights_given": {"type": "integer", "minimum": 0, "maximum": 999999}}}',
      'From how many events of the last hour on each rule tells the team; 0 silences a rule.'),
    -- With fewer than five, quarters would tell of everybody.
    ('smallest_group', '5', '{"type": "integer", "minimum": 5, "maximum": 500}',
      'How many people must have given a value before an organisation''s managers see it.'),
    ('subscription_grace_days', '7', '{"type": "integer", "minimum": 0, "maximum": 60}',
      'For how many days a subscription that renews itself goes on entitling while Stripe tries to be paid.'),
    ('subscription_notice_days', '3', '{"type": "integer", "minimum": 0, "maximum": 60}',
      'How many days before their entitlement ends people are written to.'),
    ('verify_first', 'false', '{"type": "boolean"}', 'Whether an address must be verified before its first sign-in.')
  ) as d (key, value, schema, about)
on conflict (key) do update
set schema = excluded.schema, about = excluded.about
where (s.schema, s.about) is distinct from (excluded.schema, excluded.about);
