use serde::ser::{Serialize, SerializeStruct, Serializer};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::{Language, Message};

/// Where in the request a wrong field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Body,
    Query,
    Path,
    Header,
}

impl Place {
    pub fn name(self) -> &'static str {
        match self {
            Place::Body => "body",
            Place::Query => "query",
            Place::Path => "path",
            Place::Header => "header",
        }
    }
}

/// One wrong field: where it is, a stable code, and the numbers that its sentence needs.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// Dotted path, `items.0.name`; empty for the body as a whole.
    pub field: String,
    pub place: Place,
    pub code: String,
    pub params: Vec<(String, String)>,
}

impl FieldError {
    pub fn new(place: Place, field: impl Into<String>, code: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), place, code: code.into(), params: Vec::new() }
    }

    /// The sentence for people, with its numbers filled in.
    pub fn message(&self, language: Language) -> String {
        let found = MESSAGES.iter().find(|message| message.code == self.code).unwrap_or(&OTHER);
        let mut text = found.text(language).to_owned();
        for (name, value) in &self.params {
            text = text.replace(&["{", name, "}"].concat(), value);
        }
        text
    }

    /// As it stands in the answer: `{field, in, code, message}`.
    pub fn in_language(&self, language: Language) -> impl Serialize + '_ {
        Spoken { error: self, language }
    }
}

struct Spoken<'a> {
    error: &'a FieldError,
    language: Language,
}

impl Serialize for Spoken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("FieldError", 4)?;
        row.serialize_field("field", &self.error.field)?;
        row.serialize_field("in", self.error.place.name())?;
        row.serialize_field("code", &self.error.code)?;
        row.serialize_field("message", &self.error.message(self.language))?;
        row.end()
    }
}

/// The sentences of field errors; a function may use any of these codes in `#[validate(custom)]`.
const MESSAGES: &[Message] = &[
    Message { code: "required", fr: "Ce champ est obligatoire.", en: "This field is required." },
    Message { code: "unknown_field", fr: "Ce champ n'existe pas.", en: "There is no such field." },
    Message { code: "duplicate_field", fr: "Ce champ figure deux fois.", en: "This field appears twice." },
    Message { code: "not_nullable", fr: "Ce champ ne peut pas être nul.", en: "This field cannot be null." },
    Message { code: "wrong_type", fr: "Type incorrect.", en: "Wrong type." },
    Message { code: "nothing_to_change", fr: "Aucun champ à modifier.", en: "No field to change was given." },
    Message {
        code: "nul_character",
        fr: "Le caractère nul (U+0000) est interdit.",
        en: "The NUL character (U+0000) is not allowed.",
    },
    Message { code: "too_short", fr: "Trop court : au moins {min} caractères.", en: "Too short: at least {min} characters." },
    Message { code: "too_long", fr: "Trop long : au plus {max} caractères.", en: "Too long: at most {max} characters." },
    Message {
        code: "length",
        fr: "La longueur doit être comprise entre {min} et {max}.",
        en: "The length must be between {min} and {max}.",
    },
    Message {
        code: "range",
        fr: "La valeur doit être comprise entre {min} et {max}.",
        en: "The value must be between {min} and {max}.",
    },
    Message { code: "blank", fr: "Le texte est vide.", en: "The text is blank." },
    Message {
        code: "control_character",
        fr: "Les caractères de contrôle sont interdits.",
        en: "Control characters are not allowed.",
    },
    Message {
        code: "bad_date",
        fr: "Date attendue au format AAAA-MM-JJ, entre 1900 et 2200.",
        en: "Expected a date as YYYY-MM-DD, between 1900 and 2200.",
    },
    Message {
        code: "bad_moment",
        fr: "Moment attendu au format RFC 3339 ; une seconde intercalaire (:60) n'est pas conservée.",
        en: "Expected a moment as in RFC 3339; a leap second (:60) is not kept.",
    },
    Message {
        code: "not_exact",
        fr: "Un entier doit tenir sur 64 bits : écrivez-le comme un texte.",
        en: "An integer must fit into 64 bits: write it as a text.",
    },
    Message { code: "bad_uuid", fr: "UUID attendu.", en: "Expected a UUID." },
    Message { code: "bad_email", fr: "Adresse e-mail incorrecte.", en: "Not an e-mail address." },
    Message {
        code: "bad_time_zone",
        fr: "Fuseau horaire inconnu, par exemple Europe/Paris.",
        en: "Unknown time zone; an example is Europe/Paris.",
    },
    Message {
        code: "bad_cursor",
        fr: "Ce curseur n'est pas celui de cette liste avec ces filtres.",
        en: "This cursor does not belong to this list with these filters.",
    },
    Message { code: "date_in_future", fr: "La date est dans le futur.", en: "The date lies in the future." },
    Message { code: "date_too_old", fr: "La date est trop ancienne.", en: "The date lies too far back." },
    Message { code: "date_too_far", fr: "La date est trop lointaine.", en: "The date lies too far ahead." },
    Message { code: "from_after_to", fr: "La date de début suit la date de fin.", en: "The first date lies after the last." },
    Message {
        code: "bad_span",
        fr: "Début, fin et durée ne s'accordent pas : de 1 seconde à moins d'un jour.",
        en: "Start, end and duration do not fit: between 1 second and less than a day.",
    },
    Message { code: "weak_password", fr: "Mot de passe trop facile à deviner.", en: "This password is too easy to guess." },
    Message {
        code: "not_plain",
        fr: "Ni lien ni caractère invisible ou de direction : ce texte est écrit à d'autres.",
        en: "Neither a link nor invisible or directional characters: this text is written to others.",
    },
    Message { code: "not_allowed", fr: "Valeur non autorisée.", en: "This value is not allowed." },
];

const OTHER: Message = Message { code: "invalid_value", fr: "Valeur incorrecte.", en: "Not a valid value." };

/// Whether a field's error of this code has a sentence of its own.
pub fn is_code(code: &str) -> bool {
    MESSAGES.iter().any(|message| message.code == code)
}

/// Runs the `#[validate(…)]` rules of an input that was read without error.
pub fn check(place: Place, input: &impl Validate) -> Vec<FieldError> {
    match input.validate() {
        Ok(()) => Vec::new(),
        Err(errors) => {
            let mut found = Vec::new();
            flatten(place, "", &errors, &mut found);
            found.sort_by(|a, b| a.field.cmp(&b.field));
            found
        }
    }
}

fn flatten(place: Place, prefix: &str, errors: &ValidationErrors, found: &mut Vec<FieldError>) {
    for (name, kind) in &errors.0 {
        let path = match (prefix, name.as_ref()) {
            // The name that `validator` gives to a rule about the struct as a whole.
            (prefix, "__all__") => prefix.to_owned(),
            ("", name) => name.to_owned(),
            (prefix, name) => [prefix, ".", name].concat(),
        };
        match kind {
            ValidationErrorsKind::Struct(inner) => flatten(place, &path, inner, found),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    flatten(place, &[&path, ".", &index.to_string()].concat(), inner, found);
                }
            }
            ValidationErrorsKind::Field(rules) => found.extend(rules.iter().map(|rule| {
                let mut params: Vec<_> = rule
                    .params
                    .iter()
                    .filter(|(name, _)| *name != "value")
                    .map(|(name, value)| (name.to_string(), value.to_string()))
                    .collect();
                params.sort();
                let has = |wanted: &str| params.iter().any(|(name, _)| name == wanted);
                let code = match (rule.code.as_ref(), has("min"), has("max")) {
                    ("length", true, false) => "too_short",
                    ("length", false, true) => "too_long",
                    (code, ..) => code,
                };
                FieldError { field: path.clone(), place, code: code.to_owned(), params }
            })),
        }
    }
}
