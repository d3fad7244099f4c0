-- The object `person`: what people may know of their own account.
--
-- Its fields: id, email, name, phone, country, role, tier, locale, time_zone, email_verified_at, registration_date,
-- login_count, last_login_at, version, created_at, updated_at. `tier` is the tier that holds at this moment (`edge.tier`),
-- which a subscription can raise. The fields are named one by one, so that a new column is never published by accident.
create or replace function edge.person_json(person public.users) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', person.id, 'email', person.email, 'name', person.name, 'phone', person.phone, 'country', person.country,
    'role', person.role, 'tier', coalesce(edge.tier(person.id), person.tier), 'locale', person.locale,
    'time_zone', person.time_zone,
    'email_verified_at', person.email_verified_at, 'registration_date', person.registration_date,
    'login_count', person.login_count, 'last_login_at', person.last_login_at,
    'version', person.version, 'created_at', person.created_at, 'updated_at', person.updated_at)
$$;
