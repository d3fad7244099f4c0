-- When the data of a closed account are deleted; null for an account that is not closed.
--
-- Until that moment the account can be opened again, by its person (`edge.login`) or an administrator
-- (`edge.change_account`). It is what the person was told when they closed it: a setting that is changed afterwards
-- (`erasure_grace_days`) brings nobody's end closer.
create or replace function edge.erased_at(person public.users) returns timestamptz
language sql stable security definer set search_path = ''
as $$
  select case when person.deleted_at is not null then coalesce(person.erases_at,
    person.deleted_at + make_interval(days => coalesce((edge.setting('erasure_grace_days') #>> '{}')::int, 30))) end
$$;
