-- Tells whether a person can sign in: the account is active, not banned and not erased.
--
-- `edge.enter` refuses the requests of everybody else, and organisations count nobody else as a manager or as a member who
-- remains.
create or replace function edge.can_sign_in(person public.users) returns boolean
language sql immutable set search_path = ''
return person.is_active and not person.is_banned and person.deleted_at is null;
