-- What an organisation has strangers written: how much, and in which words.
--
-- The limits on letters of invitation are counted in the invitations themselves. These stay when their organisation goes, which
-- whoever founded it can do in a moment, until they are purged thirty days after their end; without an organisation a link
-- opens nothing.
--
-- An organisation's name is written in those letters. A mail program must not make a link of it, and it must read as it is
-- stored: no dot as in a domain, no `scheme:`, nothing that is invisible or turns the direction of what follows. Names that
-- were given before are not judged.

alter table public.organisation_invitations
  alter column organisation_id drop not null,
  drop constraint organisation_invitations_organisation_id_fkey,
  add constraint organisation_invitations_organisation_id_fkey
    foreign key (organisation_id) references public.organisations (id) on delete set null;

alter table public.organisations
  drop constraint organisations_name_plain,
  add constraint organisations_name_plain check (
    char_length(name) between 2 and 80
    and name !~ '[[:cntrl:]]'
    and name !~ '[\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\U000E0000-\U000E007F]'
    and name !~* '(//|www\.)'
    -- What is neither a blank nor a sign is a letter or a digit, in any script and whatever the database's locale.
    and name !~ '[^[:space:][:punct:]][.。．｡][^[:space:][:punct:]]'
    and name !~ '[A-Za-z][A-Za-z0-9+.-]*:[^[:space:]]') not valid;
