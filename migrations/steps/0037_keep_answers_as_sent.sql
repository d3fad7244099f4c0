-- An answer that is given again is the first one, byte for byte and with its headers: `json` keeps the text that it is given,
-- where `jsonb` sorts and rounds. Of a key only its digest is known (SHA-256 in hexadecimal).

alter table public.idempotency_keys
  alter column body type json,
  add column headers jsonb not null default '{}' check (octet_length(headers::text) <= 4096);

-- Their arguments are others now. A new database has never had these.
drop function if exists edge.idempotency_settle(text, integer, jsonb);
drop function if exists edge.sign_up(text, text, text, text, text, text, text, text, text, text);
