-- A connection has its tokens itself. Nothing has written a row here: no provider could be connected before.

drop table if exists public.provider_tokens;
