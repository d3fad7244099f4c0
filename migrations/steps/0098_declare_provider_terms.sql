-- What the providers' terms allow to be done with what comes from them. Where they are not public, nothing but the owner's own
-- reading is allowed.

alter table public.data_use_rules
  -- Whether everything goes as soon as its owner leaves the provider, whatever they would like to keep.
  add column if not exists erased_on_leaving boolean not null default false;

insert into public.data_use_rules (origin, others, ai, aggregates, leaderboards, days_kept, erased_on_leaving, source, read_on) values
  ('strava', false, false, false, false, 7, true, 'https://www.strava.com/legal/api', '2026-11-21'),
  ('garmin', false, false, false, false, null, false, 'https://developer.garmin.com/gc-developer-program/', '2026-11-21'),
  ('polar', false, false, false, false, null, false, 'https://www.polar.com/accesslink-api/', '2026-11-21'),
  ('coros', false, false, false, false, null, false, 'https://support.coros.com/hc/en-us/articles/17085887816340', '2026-11-21'),
  ('wahoo', false, false, false, false, null, false, 'https://developers.wahooligan.com/cloud', '2026-11-21'),
  ('fitbit', false, false, false, false, null, false, 'https://dev.fitbit.com/legal/platform-terms-of-service/', '2026-11-21'),
  ('google_health', false, false, false, false, null, false, 'https://developers.google.com/health', '2026-11-21')
on conflict do nothing;
