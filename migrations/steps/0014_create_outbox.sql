-- What must reach the outside world: written in the transaction that causes it, sent afterwards, retried until it has
-- arrived or is given up, with a log of every attempt in `outbox_deliveries`.
--
-- There is no separate lease. Claiming a row counts the attempt and moves `next_attempt_at` one minute ahead, so a
-- sender that dies is followed by the next one. A row that its own request will send at once is written as claimed.
-- `subject` makes one cause one row. Which kinds there are is the sender's knowledge; it gives up what it does not
-- know.
--
-- Payloads hold no personal data: numbers, words of closed lists and words of the vocabulary, never a person's own
-- words. A letter holds what no other message holds, an address and often a link that is as good as a password. These
-- stand in a column of their own, `sealed`: the sender gets them with the payload, who looks into the outbox does not,
-- and they are forgotten as soon as the letter has arrived or is given up.

create table public.outbox (
  id bigint generated always as identity primary key,
  user_id uuid references public.users (id) on delete set null,
  kind text not null constraint outbox_kind_shape check (kind ~ '^[a-z][a-z_]{0,31}$'),
  subject text check (octet_length(subject) <= 200),
  payload jsonb not null check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 65536),
  attempts integer not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null default edge.now(),
  claimed_by text check (octet_length(claimed_by) <= 100),
  delivered_at timestamptz,
  dead_at timestamptz,
  last_error text check (char_length(last_error) <= 2000),
  created_at timestamptz not null default edge.now(),
  sealed jsonb check (jsonb_typeof(sealed) = 'object' and octet_length(sealed::text) <= 16384),
  constraint outbox_subject_key unique (kind, subject),
  constraint outbox_one_end check (delivered_at is null or dead_at is null)
);

create index outbox_due_idx on public.outbox (next_attempt_at, id) where delivered_at is null and dead_at is null;
create index outbox_user_idx on public.outbox (user_id) where user_id is not null;
create index outbox_created_idx on public.outbox (created_at);

alter table public.outbox enable row level security;
revoke all on public.outbox from public, anon, authenticated;
revoke all on sequence public.outbox_id_seq from public, anon, authenticated;
