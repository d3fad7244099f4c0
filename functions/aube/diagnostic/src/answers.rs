//! Answers as they are sent.

use std::fmt;

use aube::Answers;
use aube::questions::{self, ITEMS};
use edge::{Error, FieldError, Language, Message, Place, Result, input, msg};
use serde::de::{Deserializer, Visitor};
use uuid::Uuid;
use validator::Validate;

const UNKNOWN_QUESTION: Message = msg!("unknown_question", fr: "Cette question n'existe pas.", en: "There is no such question.");
const ANSWERED_TWICE: Message =
    msg!("answered_twice", fr: "Cette question a déjà une réponse.", en: "This question is answered already.");
const OTHER_CATEGORY: Message =
    msg!("other_category", fr: "Cette question est d'une autre catégorie.", en: "This question is of another category.");

/// Answers to submit.
#[input(name = "DiagnosticSubmission")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"answers": [{"id": "ei-1", "answer": 4}]}])))]
pub struct Submission {
    /// Of the question set that was shown; the current one where absent.
    #[validate(custom(function = "is_current"))]
    pub version: Option<String>,
    /// The language of the result; the caller's where absent.
    pub lang: Option<Language>,
    #[validate(length(min = 1, max = 50), nested)]
    pub answers: Vec<Given>,
    /// The identity that a device gave the submission while offline.
    pub client_id: Option<Uuid>,
}

/// Answers to keep for later.
#[input(name = "DiagnosticDraftChange")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"answers": [{"id": "ei-1", "answer": 4}]}])))]
pub struct DraftChange {
    /// Of the question set that was shown; the current one where absent.
    #[validate(custom(function = "is_current"))]
    pub version: Option<String>,
    /// The caller's language where absent.
    pub lang: Option<Language>,
    #[validate(length(max = 50), nested)]
    pub answers: Vec<Given>,
}

/// One answer.
#[input(name = "DiagnosticAnswer")]
pub struct Given {
    /// Of the question.
    #[validate(length(max = 40))]
    pub id: String,
    /// From 1 (strongly disagree) to 5 (strongly agree); a digit as text is taken too.
    #[serde(deserialize_with = "step")]
    #[validate(range(min = 1, max = 5))]
    pub answer: u8,
    /// What was shown; not read.
    #[validate(length(max = 200))]
    pub question: Option<String>,
    /// Of the question; refused where it is another one's.
    #[validate(length(max = 40))]
    pub category: Option<String>,
}

/// The answers, where each is of a known question and the only one.
///
/// # Errors
/// 422 that names the first that is not.
pub fn of(given: &[Given]) -> Result<Answers> {
    let mut answers = Answers::default();
    let mut seen = [false; ITEMS.len()];
    for (at, one) in given.iter().enumerate() {
        let wrong = |field: &str, message| {
            Err(Error::from(FieldError::says(Place::Body, ["answers.", &at.to_string(), ".", field].concat(), message)))
        };
        let Some(place) = questions::place(&one.id) else { return wrong("id", UNKNOWN_QUESTION) };
        if one.category.as_deref().is_some_and(|category| category != ITEMS[place].category()) {
            return wrong("category", OTHER_CATEGORY);
        }
        if std::mem::replace(&mut seen[place], true) {
            return wrong("id", ANSWERED_TWICE);
        }
        answers.put(place, one.answer);
    }
    Ok(answers)
}

/// A whole number, or one written as text. What is too large or too small for an answer stays so.
fn step<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<u8, D::Error> {
    struct Step;
    impl Visitor<'_> for Step {
        type Value = u8;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an answer from 1 to 5")
        }

        fn visit_u64<E>(self, value: u64) -> std::result::Result<u8, E> {
            Ok(u8::try_from(value).unwrap_or(u8::MAX))
        }

        fn visit_i64<E>(self, value: i64) -> std::result::Result<u8, E> {
            Ok(u8::try_from(value.max(0)).unwrap_or(u8::MAX))
        }

        fn visit_str<E: serde::de::Error>(self, value: &str) -> std::result::Result<u8, E> {
            match value.as_bytes() {
                [digit @ b'0'..=b'9'] => Ok(digit - b'0'),
                _ => Err(edge::validation::refuse("wrong_type")),
            }
        }
    }
    deserializer.deserialize_any(Step)
}

/// The version of the questions that there are.
fn is_current(version: &str) -> std::result::Result<(), validator::ValidationError> {
    if version == questions::VERSION { Ok(()) } else { Err(validator::ValidationError::new("not_allowed")) }
}
