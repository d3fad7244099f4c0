-- What somebody felt, as they said it themselves (`manual`) or as it was read from words or a voice. What was analysed is not kept: of a
-- text its length, its language and the words that told (`evidence`). A correction is the truth for statistics, and stands beside the
-- machine's answer. `mood` is 0 to 100; emotions are {name, intensity 0..1}.

create table public.emotion_scans (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  client_id uuid,
  scan_type text not null check (scan_type in ('text', 'voice', 'facial', 'manual')),
  scanned_at timestamptz not null default edge.now(),
  date date not null,
  emotions jsonb not null check (jsonb_typeof(emotions) = 'array' and jsonb_array_length(emotions) <= 24),
  primary_emotion text check (char_length(primary_emotion) between 1 and 40),
  mood smallint check (mood between 0 and 100),
  valence double precision check (valence between -1 and 1),
  arousal double precision check (arousal between 0 and 1),
  confidence double precision check (confidence between 0 and 1),
  recommendations jsonb not null default '[]',
  correction jsonb check (jsonb_typeof(correction) = 'array' and jsonb_array_length(correction) between 1 and 24),
  corrected_at timestamptz,
  model text,
  language text check (language in ('fr', 'en')),
  input_data jsonb not null default '{}',
  evidence jsonb not null default '[]',
  first jsonb,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  constraint emotion_scans_date_range check (date between '2000-01-01' and '2199-12-31'),
  constraint emotion_scans_corrected check ((correction is null) = (corrected_at is null)),
  constraint emotion_scans_client_id_key unique (user_id, client_id)
);

create index emotion_scans_user_idx on public.emotion_scans (user_id, scanned_at desc, id desc);

alter table public.emotion_scans enable row level security;
revoke all on public.emotion_scans from public, anon, authenticated;
