-- Opens an account with a password, and a session where its address need not be verified first.
--
-- Outcomes: `created` {person, session}; `verify_first`, without a session and the same for a new and for a known address
-- where the setting of that name is on, so that nobody learns who has an account. Raises `OR409 email_taken`. A violated check
-- of `users` is raised with its constraint: `users_email_length`, `users_name_length`, `users_phone_length`, `users_country_code`,
-- `users_locale_known`, `users_time_zone_known`.
--
-- `password` and `refresh_hash` are what `edge.login` describes. `edge.sign_up` sends the letter that goes with an account.
create or replace function edge.register(
  email text, password text, refresh_hash text,
  name text default null, phone text default null, country text default null,
  locale text default 'fr', time_zone text default 'Europe/Paris', device text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  verify_first constant boolean := coalesce(edge.setting('verify_first') = 'true', false);
  person public.users;
begin
  insert into public.users (email, password_hash, name, phone, country, locale, time_zone)
  values (
    lower(btrim(register.email)), edge.bcrypt_hash(register.password), register.name, register.phone,
    register.country, register.locale, register.time_zone)
  on conflict (lower(email)) do nothing
  returning * into person;

  if person.id is not null then
    perform edge.audit_as(person.id, 'auth.registered', '{}');
  end if;
  if verify_first then
    return jsonb_build_object('outcome', 'verify_first');
  elsif person.id is null then
    raise exception using errcode = 'OR409', message = 'email_taken';
  end if;
  return jsonb_build_object('outcome', 'created', 'person', edge.person_json(person),
    'session', edge.open_session(person.id, register.refresh_hash, register.device));
end
$$;

grant execute on function edge.register(text, text, text, text, text, text, text, text, text) to anon;
