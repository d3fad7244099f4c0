-- The place in which the tokens of a person's connection are sealed: a digest, for orders to revoke carry it and name nobody.
create or replace function edge.token_place(person uuid, provider public.provider_type) returns text
language sql stable
return encode(sha256(convert_to(token_place.person || ':' || token_place.provider::text, 'UTF8')), 'hex');

grant execute on function edge.token_place(uuid, public.provider_type) to service;
