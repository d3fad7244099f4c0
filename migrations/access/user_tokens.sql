-- Only functions of `edge_owner` see and write what links open.

grant select, insert, update, delete on public.user_tokens to edge_owner;

create policy user_tokens_edge_owner on public.user_tokens for all to edge_owner using (true) with check (true);

-- example:
-- insert into public.user_tokens (hash, user_id, purpose, email, email_hash, expires_at, asked_by)
-- values (md5($1::uuid::text), $1, 'password_reset', 'camille@example.org', repeat('0', 64),
--   edge.now() + interval '1 hour', $1)
