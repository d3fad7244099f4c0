use std::borrow::Cow;
use std::collections::BinaryHeap;

use small_json::Object;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

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

/// In French and in English.
type Sentence = (Cow<'static, str>, Cow<'static, str>);

/// One wrong field: where it is, a stable code, and the numbers that its sentence needs.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// Dotted path, `items.0.name`; empty for the body as a whole.
    pub field: String,
    pub place: Place,
    pub code: String,
    pub params: Vec<(String, String)>,
    /// The French and the English sentence of a code that an area has for itself.
    says: Option<Box<Sentence>>,
}

impl FieldError {
    /// With a code that every function may use: the list is in this file.
    pub fn new(place: Place, field: impl Into<String>, code: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), place, code: code.into(), params: Vec::new(), says: None }
    }

    /// With a code and sentences of an area's own.
    pub fn says(place: Place, field: impl Into<String>, message: Message) -> FieldError {
        let says = Some(Box::new((Cow::Borrowed(message.fr), Cow::Borrowed(message.en))));
        FieldError { says, ..FieldError::new(place, field, message.code) }
    }

    /// Whether there is a sentence for its code; where not, people would read that of another one.
    pub fn has_sentence(&self) -> bool {
        self.says.is_some() || has_sentence(&self.code)
    }

    /// The sentence for people, with its numbers filled in.
    pub fn message(&self, language: Language) -> String {
        let mut text = match (self.says.as_deref(), language) {
            (Some((fr, _)), Language::Fr) => fr.to_string(),
            (Some((_, en)), Language::En) => en.to_string(),
            (None, _) => common(&self.code).unwrap_or(&OTHER).text(language).to_owned(),
        };
        for (name, value) in &self.params {
            text = text.replace(&["{", name, "}"].concat(), value);
        }
        text
    }

    /// As it stands in the answer, JSON: `{field, in, code, message}`.
    pub fn in_language(&self, language: Language) -> String {
        let mut row = Object::new();
        row.string("field", &self.field).string("in", self.place.name()).string("code", &self.code);
        row.string("message", &self.message(language)).end()
    }
}

/// For `#[validate(custom)]`: a rule of an area's own is broken.
pub fn broken(message: Message) -> ValidationError {
    let mut error = ValidationError::new(message.code);
    error.add_param(Cow::Borrowed("fr"), &message.fr);
    error.add_param(Cow::Borrowed("en"), &message.en);
    error
}

/// Whether a code is one that every function may use.
pub fn has_sentence(code: &str) -> bool {
    code == OTHER.code || common(code).is_some()
}

fn common(code: &str) -> Option<&'static Message> {
    MESSAGES.iter().find(|message| message.code == code)
}

/// The sentences of field errors that every area knows; a function may use any of these codes in `#[validate(custom)]`.
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
    Message { code: "not_allowed", fr: "Valeur non autorisée.", en: "This value is not allowed." },
];

const OTHER: Message = Message { code: "invalid_value", fr: "Valeur incorrecte.", en: "Not a valid value." };

/// Runs the `#[validate(…)]` rules of an input that was read without error.
pub fn check(place: Place, input: &impl Validate) -> Vec<FieldError> {
    match input.validate() {
        Ok(()) => Vec::new(),
        Err(errors) => {
            let mut found = Vec::new();
            flatten(place, "", &errors, &mut found);
            sorted(found)
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
                let params: BinaryHeap<_> = rule
                    .params
                    .iter()
                    .filter(|(name, _)| !["value", "fr", "en"].contains(&name.as_ref()))
                    .map(|(name, value)| (name.to_string(), value.as_number().map(ToString::to_string).unwrap_or_default()))
                    .collect();
                let params = params.into_sorted_vec();
                let has = |wanted: &str| params.iter().any(|(name, _)| name == wanted);
                let code = match (rule.code.as_ref(), has("min"), has("max")) {
                    ("length", true, false) => "too_short",
                    ("length", false, true) => "too_long",
                    (code, ..) => code,
                };
                let own = |language| rule.params.get(language)?.as_str().map(|text| Cow::Owned(text.to_owned()));
                let says = own("fr").zip(own("en")).map(Box::new);
                FieldError { field: path.clone(), place, code: code.to_owned(), params, says }
            })),
        }
    }
}

/// By their fields, those of one in the order in which they were found. By a heap, which is small in wasm: a sort of its own brings
/// several.
fn sorted(found: Vec<FieldError>) -> Vec<FieldError> {
    let order: BinaryHeap<_> = found.iter().enumerate().map(|(at, error)| (error.field.clone(), at)).collect();
    let mut rest: Vec<Option<FieldError>> = found.into_iter().map(Some).collect();
    order.into_sorted_vec().into_iter().filter_map(|(_, at)| rest[at].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOO_LOUD: Message = Message { code: "too_loud", fr: "Trop fort : au plus {max}.", en: "Too loud: {max} at most." };

    fn quiet(_: u8) -> Result<(), ValidationError> {
        let mut error = broken(TOO_LOUD);
        error.add_param(Cow::Borrowed("max"), &7);
        Err(error)
    }

    #[derive(Validate)]
    struct Sound {
        #[validate(custom(function = "quiet"))]
        level: u8,
    }

    #[test]
    fn an_areas_own_sentence_is_told_with_its_numbers() {
        let found = check(Place::Body, &Sound { level: 9 });
        assert_eq!((found[0].code.as_str(), found[0].params.len(), found[0].has_sentence()), ("too_loud", 1, true));
        assert_eq!(found[0].message(Language::Fr), "Trop fort : au plus 7.");
        let direct = FieldError::says(Place::Query, "level", TOO_LOUD);
        assert_eq!(direct.message(Language::En), "Too loud: {max} at most.");
    }

    #[test]
    fn a_code_without_a_sentence_is_known_as_such() {
        assert!(!FieldError::new(Place::Body, "level", "too_loud").has_sentence());
        assert!(FieldError::new(Place::Body, "level", "required").has_sentence() && has_sentence("invalid_value"));
    }
}
