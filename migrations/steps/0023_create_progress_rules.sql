-- Badges and points for progress. What is rewarded is data, each rule with the sentence that explains it.
--
-- A rule reads one metric of a person's events: `kaizen_days` (days done), `streak` (length of a run),
-- `zazen_sessions`, `zazen_minutes`. A badge is earned on the first day on which its metric reaches the threshold, and
-- is recorded in `user_badges`. Points are not stored at all: so many per unit of the metric, up to a cap per day, and
-- those of the badges. So everything here can be computed again from the events, and adding a rule rewards what people
-- have done before it.

create table public.progress_rules (
  code text primary key check (code ~ '^[a-z][a-z0-9_]{0,40}$'),
  kind text not null check (kind in ('badge', 'points')),
  metric text not null check (metric in ('kaizen_days', 'streak', 'zazen_sessions', 'zazen_minutes')),
  -- Of a badge: the metric that earns it.
  threshold integer check (threshold >= 1),
  points integer not null check (points between 0 and 100000),
  -- Of points: how many units of one day count.
  per_day integer check (per_day >= 1),
  position integer not null,
  name_fr text not null,
  name_en text not null,
  about_fr text not null,
  about_en text not null,
  constraint progress_rules_badge_threshold check ((kind = 'badge') = (threshold is not null)),
  constraint progress_rules_points_summable check (kind = 'badge' or metric <> 'streak')
);

alter table public.progress_rules enable row level security;
revoke all on public.progress_rules from public, anon, authenticated;

insert into public.progress_rules
  (code, kind, metric, threshold, points, per_day, position, name_fr, name_en, about_fr, about_en)
values
  ('kaizen_day', 'points', 'kaizen_days', null, 10, null, 1, 'Un pas par jour', 'A step a day',
    '10 points pour chaque jour où un kaizen est fait.', '10 points for each day on which a kaizen is done.'),
  ('zazen_minute', 'points', 'zazen_minutes', null, 1, 60, 2, 'Le souffle', 'The breath',
    '1 point par minute de zazen, jusqu''à 60 par jour.', '1 point a minute of zazen, up to 60 a day.'),
  ('first_step', 'badge', 'kaizen_days', 1, 10, null, 10, 'Premier pas', 'First step',
    'Un premier jour de kaizen.', 'A first day of kaizen.'),
  ('streak_7', 'badge', 'streak', 7, 50, null, 11, 'Une semaine', 'One week',
    'Une série de 7 jours faits.', 'A streak of 7 days done.'),
  ('streak_30', 'badge', 'streak', 30, 200, null, 12, 'Un mois', 'One month',
    'Une série de 30 jours faits.', 'A streak of 30 days done.'),
  ('streak_100', 'badge', 'streak', 100, 500, null, 13, 'Cent jours', 'A hundred days',
    'Une série de 100 jours faits.', 'A streak of 100 days done.'),
  ('streak_365', 'badge', 'streak', 365, 2000, null, 14, 'Une année', 'One year',
    'Une série de 365 jours faits.', 'A streak of 365 days done.'),
  ('kaizen_100', 'badge', 'kaizen_days', 100, 300, null, 15, 'Cent pas', 'A hundred steps',
    '100 jours de kaizen en tout, avec ou sans série.', '100 days of kaizen in all, in a streak or not.'),
  ('first_breath', 'badge', 'zazen_sessions', 1, 10, null, 20, 'Premier souffle', 'First breath',
    'Une première séance de zazen.', 'A first session of zazen.'),
  ('zazen_10', 'badge', 'zazen_sessions', 10, 50, null, 21, 'Dix assises', 'Ten sittings',
    '10 séances de zazen.', '10 sessions of zazen.'),
  ('zazen_hour', 'badge', 'zazen_minutes', 60, 50, null, 22, 'Une heure', 'One hour',
    '60 minutes de zazen en tout.', '60 minutes of zazen in all.'),
  ('zazen_day', 'badge', 'zazen_minutes', 1440, 500, null, 23, 'Un jour entier', 'A whole day',
    '24 heures de zazen en tout.', '24 hours of zazen in all.');
