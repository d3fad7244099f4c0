-- What a person says of an occupation ("not this one") or of a recommendation. It lies over results and changes none.

create table public.career_feedback (
  user_id uuid not null default edge.uid() references public.users (id) on delete cascade,
  kind text not null check (kind in ('occupation', 'recommendation')),
  -- The occupation's code or the recommendation's id.
  subject text not null check (char_length(subject) between 3 and 40),
  verdict text not null,
  created_at timestamptz not null default edge.now(),
  primary key (user_id, kind, subject),
  constraint career_feedback_verdict check (case kind
    when 'occupation' then verdict = 'not_this_one'
    else verdict in ('done', 'useful', 'not_useful') end)
);

alter table public.career_feedback enable row level security;
revoke all on public.career_feedback from public, anon, authenticated;
