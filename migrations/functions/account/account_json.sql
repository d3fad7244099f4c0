-- An account as its owner and administrators see it: the object `person` with is_active, is_banned and deleted_at.
create or replace function edge.account_json(person public.users) returns jsonb
language sql stable set search_path = ''
as $$
  select edge.person_json(person) || jsonb_build_object(
    'is_active', person.is_active, 'is_banned', person.is_banned, 'deleted_at', person.deleted_at)
$$;
