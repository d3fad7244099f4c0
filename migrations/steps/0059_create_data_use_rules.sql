-- What may be done with rows that came from outside, by where they came from: a provider's terms as data. A table of such rows
-- says in its column `origin` where each is from, in `fetched_at` when it came, and obeys by one policy
-- (`edge.readable_since`); an origin without a row here is one that nobody may read. A provider adds its row with its tables.

create table public.data_use_rules (
  origin text primary key check (origin ~ '^[a-z][a-z0-9_]{1,38}[a-z0-9]$'),
  -- Whether anybody but the owner may see a row.
  others boolean not null,
  -- Whether a model may be told of it.
  ai boolean not null,
  -- Whether it may count in what is said of many people.
  aggregates boolean not null,
  leaderboards boolean not null,
  -- How many days it may be kept after it was fetched; null for as long as the owner likes.
  days_kept integer check (days_kept > 0),
  -- Where that is written, and when somebody read it there.
  source text not null,
  read_on date not null
);

alter table public.data_use_rules enable row level security;
revoke all on public.data_use_rules from public, anon, authenticated;
