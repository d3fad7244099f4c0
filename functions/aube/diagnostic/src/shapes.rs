//! What goes out beside the result itself.

use aube::questions::{self, ITEMS, Item, steps};
use aube::result::{PersonalityProfile, four_letters, rounded};
use aube::{Answers, Stored, occupations::Occupation, words};
use edge::chrono::{DateTime, Utc};
use edge::{Language, Page, output};
use uuid::Uuid;

use crate::stored::DraftRow;

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
