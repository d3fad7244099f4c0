-- Identity columns need no right on their sequence, and Supabase gives people one on every sequence by default, present and
-- future: with it, anyone who could run a statement might move the next id.

revoke all on all sequences in schema public from public, anon, authenticated;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated;
