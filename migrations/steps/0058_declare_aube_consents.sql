-- What people are asked before what they do in Aube is counted, and before their answers are used to check the questionnaire.

insert into public.consent_purposes (purpose, version, text_fr, text_en) values
  ('aube-events', 1,
    'J''accepte que mes actions dans Aube (pages ouvertes, métiers regardés, jamais mes réponses) soient enregistrées pour améliorer le service. Je peux retirer cet accord à tout moment.',
    'I agree that what I do in Aube (pages opened, occupations looked at, never my answers) is recorded to improve the service. I can take this back at any time.'),
  ('aube-research', 1,
    'J''accepte que mes réponses au questionnaire servent, avec celles de beaucoup d''autres et sans mon nom, à vérifier chaque nuit la qualité des questions. Je peux retirer cet accord à tout moment.',
    'I agree that my answers to the questionnaire are used, with those of many others and without my name, to check the quality of the questions every night. I can take this back at any time.');
