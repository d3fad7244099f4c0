-- Playing with a filter in front of a camera. No picture of a face and no landmark leaves the device.

create table public.ar_filter_sessions (
  like parts.session_template including all,
  filter text not null check (char_length(filter) between 1 and 40),
  label text check (label in ('gain', 'léger', 'incertain')),
  foreign key (user_id) references public.users (id) on delete cascade
);

alter table public.ar_filter_sessions enable row level security;
revoke all on public.ar_filter_sessions from public, anon, authenticated;
