-- What people are asked before a recording of their voice is kept.

insert into public.consent_purposes (purpose, version, text_fr, text_en) values
  ('voice', 1,
    'J''accepte que mes enregistrements vocaux soient conservés pour que je puisse les réécouter et les transcrire. Je peux les supprimer, et retirer cet accord, à tout moment.',
    'I agree that recordings of my voice are kept so that I can listen to them again and have them written down. I can delete them, and take this back, at any time.');
