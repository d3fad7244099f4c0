-- What can be won, as data: all `conditions` {metric, module, at_least} must be met. Metrics are counted over completed sessions, of one
-- module where it is named: `sessions`, `minutes`, `days`, `streak` (the longest) and `modules` (different ones). `rewards` may name a
-- `badge`. What is hidden is not shown until it is won. Names and descriptions are French, `*_en` English.

create table public.achievements (
  id text primary key check (id ~ '^[a-z0-9-]{1,40}$'),
  name text not null,
  name_en text not null,
  description text not null,
  description_en text not null,
  category text not null,
  rarity text not null check (rarity in ('common', 'rare', 'epic', 'legendary', 'mythic')),
  icon text,
  conditions jsonb not null check (jsonb_typeof(conditions) = 'array' and jsonb_array_length(conditions) between 1 and 8),
  rewards jsonb not null default '{}',
  is_hidden boolean not null default false
);

alter table public.achievements enable row level security;
revoke all on public.achievements from public, anon, authenticated;

insert into public.achievements (id, name, name_en, description, description_en, category, rarity, icon, conditions, rewards, is_hidden) values
  ('first-step', 'Premier pas', 'First step', 'Une première séance menée à son terme.', 'A first session completed.', 'start', 'common', 'leaf',
    '[{"metric": "sessions", "at_least": 1}]', '{"badge": "first-step"}', false),
  ('ten-sittings', 'Dix assises', 'Ten sittings', 'Dix méditations.', 'Ten meditations.', 'meditation', 'common', 'lotus',
    '[{"metric": "sessions", "module": "meditation_sessions", "at_least": 10}]', '{}', false),
  ('hour-of-breath', 'Une heure de souffle', 'An hour of breath', 'Soixante minutes de respiration.', 'Sixty minutes of breathing.', 'breath', 'rare', 'wind',
    '[{"metric": "minutes", "module": "breathing_vr_sessions", "at_least": 60}]', '{}', false),
  ('week-in-a-row', 'Sept jours', 'Seven days', 'Sept jours de suite.', 'Seven days in a row.', 'rhythm', 'rare', 'calendar',
    '[{"metric": "streak", "at_least": 7}]', '{"badge": "week-in-a-row"}', false),
  ('explorer', 'Explorateur', 'Explorer', 'Cinq modules différents.', 'Five different modules.', 'discovery', 'rare', 'compass',
    '[{"metric": "modules", "at_least": 5}]', '{}', false),
  ('hundred-days', 'Cent jours', 'A hundred days', 'Cent jours avec une séance.', 'A hundred days with a session.', 'rhythm', 'epic', 'tree',
    '[{"metric": "days", "at_least": 100}]', '{"badge": "hundred-days"}', false),
  ('year-of-days', 'Une année', 'A year', '365 jours de suite et mille minutes.', '365 days in a row and a thousand minutes.', 'rhythm', 'legendary', 'sun',
    '[{"metric": "streak", "at_least": 365}, {"metric": "minutes", "at_least": 1000}]', '{"badge": "year-of-days"}', false),
  ('all-of-it', 'Toute la lisière', 'The whole edge', 'Chaque module, au moins une fois.', 'Every module, at least once.', 'discovery', 'mythic', 'forest',
    '[{"metric": "modules", "at_least": 10}]', '{}', true);
