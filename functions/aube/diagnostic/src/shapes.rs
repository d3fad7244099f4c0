//! What comes in and goes out beside the result itself.

use std::fmt;

use aube::questions::{self, ITEMS, Item, steps};
use aube::result::{PersonalityProfile, four_letters, rounded};
use aube::{Answers, Stored, occupations::Occupation, words};
use edge::chrono::{DateTime, Utc};
use edge::{Error, FieldError, Language, Message, Page, Place, Result, msg, output};
use serde::de::{Deserializer, Visitor};
use uuid::Uuid;

use crate::Given;

const UNKNOWN_QUESTION: Message = msg!("unknown_question", fr: "Cette question n'existe pas.", en: "There is no such question.");
const ANSWERED_TWICE: Message =
    msg!("answered_twice", fr: "Cette question a déjà une réponse.", en: "This question is answered already.");
const OTHER_CATEGORY: Message =
    msg!("other_category", fr: "Cette question est d'une autre catégorie.", en: "This question is of another category.");

/// The answers, where each is of a known question and the only one.
///
/// # Errors
/// 422 that names the first that is not.
pub fn answers(given: &[Given]) -> Result<Answers> {
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
pub fn step<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<u8, D::Error> {
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

/// Every question.
#[output(name = "DiagnosticQuestionnaire")]
pub struct Questionnaire {
    /// Give it back with the answers.
    version: String,
    lang: Language,
    /// The least and the most of an answer.
    scale: [u8; 2],
    /// What each answer from 1 on means.
    labels: Vec<String>,
    questions: Vec<Question>,
    purpose: String,
}

/// One statement to agree with.
#[output(name = "DiagnosticQuestion")]
pub struct Question {
    id: String,
    question: String,
    /// `EI`, `NS`, `TF`, `JP`, or an interest: `R`, `I`, `A`, `S`, `E`, `C`.
    category: String,
    /// What agreement speaks for.
    pole: String,
    /// Interests may be left out; they say more of occupations than anything else here.
    optional: bool,
}

impl Question {
    pub fn of(item: &Item, lang: Language) -> Question {
        Question {
            id: item.id.to_owned(),
            question: item.text(lang).to_owned(),
            category: item.category().to_owned(),
            pole: item.pole().to_owned(),
            optional: item.category().len() == 1,
        }
    }
}

impl Questionnaire {
    pub fn of(lang: Language, questions: Vec<Question>) -> Questionnaire {
        Questionnaire {
            version: questions::VERSION.to_owned(),
            lang,
            scale: [1, 5],
            labels: steps(lang).map(str::to_owned).to_vec(),
            questions,
            purpose: words::PURPOSE.text(lang).to_owned(),
        }
    }
}

/// A draft as it is stored.
#[derive(serde::Deserialize)]
pub struct DraftRow {
    question_set_version: String,
    lang: Language,
    answers: String,
    updated_at: DateTime<Utc>,
    version: i32,
}

/// A questionnaire that was begun.
#[output(name = "DiagnosticDraft")]
pub struct Draft {
    question_set_version: String,
    lang: Language,
    /// Empty where the questions have changed since.
    answers: Vec<DraftAnswer>,
    /// How many questions there are.
    of: u8,
    updated_at: DateTime<Utc>,
    /// What `If-Match` names, in quotes.
    version: i32,
    purpose: String,
}

/// An answer kept for later.
#[output(name = "DiagnosticDraftAnswer")]
pub struct DraftAnswer {
    id: String,
    answer: u8,
}

impl Draft {
    pub fn of(row: DraftRow) -> Draft {
        let is_current = row.question_set_version == questions::VERSION;
        let answers = Answers::of_digits(&row.answers).filter(|_| is_current).unwrap_or_default();
        Draft {
            question_set_version: row.question_set_version,
            lang: row.lang,
            answers: answers.given().map(|(item, answer)| DraftAnswer { id: item.id.to_owned(), answer }).collect(),
            of: ITEMS.len() as u8,
            updated_at: row.updated_at,
            version: row.version,
            purpose: words::PURPOSE.text(row.lang).to_owned(),
        }
    }
}

/// A person's results.
#[output(name = "DiagnosticPage")]
pub struct Summaries {
    items: Vec<Summary>,
    next_cursor: Option<String>,
    purpose: String,
}

/// One of them, in short.
#[output(name = "DiagnosticSummary")]
pub struct Summary {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    lang: Language,
    question_set_version: String,
    analysis_version: String,
    /// Four letters, `X` for a tie.
    personality_type: String,
    confidence_score: f64,
    /// The three nearest; none where no order was claimed.
    first_matches: Vec<FirstMatch>,
}

/// A near occupation.
#[output(name = "DiagnosticFirstMatch")]
pub struct FirstMatch {
    onet_soc: String,
    #[serde(default)]
    title: String,
    match_score: u8,
}

impl Summaries {
    pub fn of(mut page: Page<Summary>, lang: Language) -> Summaries {
        for found in page.items.iter_mut().flat_map(|item| &mut item.first_matches) {
            found.title = Occupation::of(&found.onet_soc).map_or(String::new(), |occupation| occupation.title(lang).to_owned());
        }
        Summaries { items: page.items, next_cursor: page.next_cursor, purpose: words::PURPOSE.text(lang).to_owned() }
    }
}

/// Two results side by side.
#[output(name = "DiagnosticComparison")]
pub struct Comparison {
    before: Side,
    after: Side,
    /// After less before, each -2 to 2, in the order EI, NS, TF, JP.
    dimension_changes: [f64; 4],
    /// After less before, in the order R, I, A, S, E, C.
    interest_changes: [f64; 6],
    /// Among the first twenty of both.
    kept: Vec<String>,
    /// Only among the first twenty of the later one.
    entered: Vec<String>,
    /// Only among the first twenty of the earlier one.
    left: Vec<String>,
    purpose: String,
}

/// One of two results.
#[output(name = "DiagnosticComparisonSide")]
pub struct Side {
    id: Uuid,
    created_at: DateTime<Utc>,
    analysis_version: String,
    r#type: String,
    confidence_score: f64,
    personality_profile: PersonalityProfile,
}

impl Comparison {
    pub fn of(before: &Stored, after: &Stored, lang: Language) -> Comparison {
        let [one, other] = [before, after].map(|stored| stored.analysis.profile);
        let [first, second] = [before, after].map(|stored| {
            let shown = if stored.analysis.profile.is_flat() { 0 } else { aube::result::SHOWN };
            stored.analysis.matches.iter().take(shown).map(|found| found.occupation.title(lang).to_owned()).collect::<Vec<_>>()
        });
        let side = |stored: &Stored| Side {
            id: stored.id,
            created_at: stored.created_at,
            analysis_version: aube::result::ANALYSIS_VERSION.to_owned(),
            r#type: four_letters(&stored.analysis.profile),
            confidence_score: rounded(stored.analysis.profile.confidence),
            personality_profile: PersonalityProfile::of(&stored.analysis.profile, lang),
        };
        let without = |all: &[String], others: &[String]| all.iter().filter(|title| !others.contains(title)).cloned().collect();
        Comparison {
            before: side(before),
            after: side(after),
            dimension_changes: std::array::from_fn(|at| rounded(other.scales[at].score - one.scales[at].score)),
            interest_changes: std::array::from_fn(|at| rounded(other.interests[at] - one.interests[at])),
            kept: second.iter().filter(|title| first.contains(title)).cloned().collect(),
            entered: without(&second, &first),
            left: without(&first, &second),
            purpose: words::PURPOSE.text(lang).to_owned(),
        }
    }
}
