-- Only functions of `edge_owner` see and write replaced tokens.

grant select, insert, update, delete on public.user_session_tokens to edge_owner;

create policy user_session_tokens_edge_owner on public.user_session_tokens for all to edge_owner
  using (true) with check (true);

comment on column public.user_session_tokens.replaced_at is 'retention: 30 days';

-- example:
-- insert into public.user_session_tokens (hash, session_id)
-- select md5('replaced ' || s.id), s.id from public.user_sessions s where s.user_id = $1
