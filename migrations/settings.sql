-- Settings: each key with the value that it has until an administrator changes it. A value that stands is left alone.
-- The bounds of a value are checks of the table `settings`.

insert into public.settings (key, value, created_at, updated_at)
select key, value, statement_timestamp(), statement_timestamp()
from (values
  -- Under which terms a sound may be used; written down with each sound when it is asked for.
  ('audio_licence', '"CC-BY-4.0"'::jsonb),
  -- How many sounds a person may ask for in a day, by tier.
  ('audio_per_day', '{"FREE": 10, "PREMIUM": 100}'),
  -- What a password hash costs: 10 to 14, each step twice the time of the one before. A change holds from the next
  -- sign-in on.
  ('bcrypt_cost', '10'),
  -- How many outgoing calls one run may make, as the plan of the platform allows: Workers Free has 50, Workers Paid
  -- 1,000 and more.
  ('calls_per_run', '1000'),
  -- How many days after its erasure an account is deleted; until then an administrator can restore it.
  ('erasure_grace_days', '30'),
  -- How many days of a month a person may freeze in their streak.
  ('freezes_per_month', '2'),
  -- What a second of computing costs by kind of creation, in the currency of the bill: {"scene": 0.00031}. A job of a
  -- kind without a price has no cost.
  ('gpu_prices', '{}'),
  -- How far back a kaizen entry may be dated. A setting, because the right number is a product decision.
  ('kaizen_back_days', '30'),
  -- From which `factor` on a day's latency departs from the usual one, and how many jobs a day needs to say anything.
  ('latency_drift', '{"factor": 2, "fewest_jobs": 20}'),
  -- The version of the model by kind of creation. A new version forgets every result: what is asked for is made anew.
  ('models', '{"scene": "1", "pose": "1", "audio": "1"}'),
  -- Whoever has one of these roles and a verified address may found an organisation.
  ('organisation_founders', '["user", "manager", "admin"]'),
  -- How many members an organisation may have, open invitations among them, by the tier of who invites.
  ('organisation_members', '{"FREE": 10, "PREMIUM": 1000}'),
  -- How many organisations a person may manage, by tier.
  ('organisations_managed', '{"FREE": 1, "PREMIUM": 10}'),
  -- How many poses a person may ask for in a day, by tier.
  ('poses_per_day', '{"FREE": 20, "PREMIUM": 200}'),
  -- After how many days reports and logs are forgotten. A legal hold may lengthen it.
  ('retention_days', '90'),
  -- By field of a scene the words that may be chosen, and whether others may be written. They hold for poses too.
  ('scene_vocabulary', '{
    "world": {"words": [], "free_text": true}, "era": {"words": [], "free_text": true},
    "class": {"words": [], "free_text": true}, "pose": {"words": [], "free_text": true},
    "decor": {"words": [], "free_text": true}}'),
  -- How many scenes a person may ask for in a day, by tier.
  ('scenes_per_day', '{"FREE": 20, "PREMIUM": 200}'),
  -- From how many events of the last hour on each rule tells the team; 0 silences a rule.
  ('security_alerts',
    '{"login_failed": 500, "networks_locked": 3, "refresh_reused": 5, "people_read": 50, "rights_given": 1}'),
  -- How many people must have given a value before an organisation's managers see it.
  ('smallest_group', '5'),
  -- For how many days a subscription that renews itself goes on entitling while Stripe tries to be paid.
  ('subscription_grace_days', '7'),
  -- How many days before their entitlement ends people are written to.
  ('subscription_notice_days', '3'),
  -- Whether an address must be verified before its first sign-in.
  ('verify_first', 'false')
) as defaults (key, value)
on conflict (key) do nothing;
