-- Following a paced pattern, with a headset (`vr_mode`) or without. `timing` has the seconds of in, hold, out and rest, as they were:
-- patterns of one name differ between applications. More cycles than fit into the time are refused; the pace follows.

create table public.breathing_vr_sessions (
  like parts.session_template including all,
  pattern text not null check (pattern in ('box', 'calm', '478', 'energy', 'coherence', 'custom', 'cocoon')),
  timing jsonb not null,
  vr_mode boolean not null default false,
  cycles_completed integer not null default 0 check (cycles_completed between 0 and 2000),
  average_pace double precision generated always as (
    case when duration_seconds > 0 then 60.0::double precision * cycles_completed / duration_seconds end) stored,
  comfort jsonb,
  constraint breathing_cycles_fit check (
    state in ('started', 'paused') or cycles_completed <= greatest(duration_seconds, elapsed_seconds) / edge.breath_seconds(timing) + 1),
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.breathing_vr_sessions enable row level security;
revoke all on public.breathing_vr_sessions from public, anon, authenticated;

-- The notice before holds and fast breathing: whoever has agreed to its version has read it, and is asked again when it changes.
insert into public.consent_purposes (purpose, version, text_fr, text_en) values
  ('breathing-notice', 1,
    'J''ai lu cet avertissement : les rétentions du souffle et la respiration rapide ne se pratiquent ni au volant ni dans l''eau, et pas sans l''avis d''un médecin en cas de grossesse, de maladie du cœur ou des poumons, d''épilepsie, d''opération récente ou de trouble panique. J''arrête si la tête me tourne. Pour débuter : quatre cycles de 4-7-8 au plus, trois minutes de respiration énergisante au plus.',
    'I have read this notice: holding the breath and fast breathing are not for driving or water, and not without a doctor''s word with pregnancy, heart or lung disease, epilepsy, recent surgery or panic disorder. I stop when I am dizzy. To begin with: four cycles of 4-7-8 at most, three minutes of energy breathing at most.');
