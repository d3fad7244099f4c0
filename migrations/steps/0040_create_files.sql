-- What people upload: voices, sounds, pictures. A row is made before its file, and goes after it: the table is its own queue of
-- what is to be deleted, so that no address of a file is lost between the two.

create table public.files (
  id uuid primary key default gen_random_uuid(),
  -- Null once its person is gone; the file then goes too.
  user_id uuid references public.users (id) on delete set null,
  kind text not null check (kind ~ '^[a-z]{1,20}$'),
  media_type text not null check (media_type ~ '^[a-z]+/[a-z0-9]{1,20}$'),
  bytes bigint not null check (bytes > 0),
  -- Its key begins with a digest of its owner's id, which says nothing once the owner is gone.
  address text not null unique check (address ~ '^storage://files/[0-9a-f]{32}/[0-9a-f-]{36}$'),
  -- `awaited`: a link to put it is out; `kept`: it is there and what it says it is; `leaving`: nobody sees it any more.
  state text not null default 'awaited' check (state in ('awaited', 'kept', 'leaving')),
  -- Until then somebody may still put it.
  upload_until timestamptz not null,
  -- From then on it is deleted, and the row when the storage has said that it is gone; null where it stays.
  delete_after timestamptz,
  attempts integer not null default 0,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  version integer not null default 1,
  constraint files_kept_stay check (state = 'kept' or delete_after is not null),
  constraint files_owned check (state = 'leaving' or user_id is not null)
);

create index files_user_idx on public.files (user_id, created_at desc, id desc);
create index files_delete_idx on public.files (delete_after) where delete_after is not null;

alter table public.files enable row level security;
revoke all on public.files from public, anon, authenticated;
