//! What people read: short sentences in both languages about numbers that are the same in both.
//!
//! A sentence never says that an occupation is made for somebody, that anything follows from a type, that a job will or will not be
//! replaced, or when; `tests/words.rs` holds every text to that.

use edge::{Language, Message, msg};

use crate::occupations::{Measure, Occupation};
use crate::questions::INTERESTS;
use crate::ranking::Match;

/// Of every answer.
pub const PURPOSE: Message = msg!("purpose",
    fr: "Pour réfléchir à votre orientation ; pas pour un recrutement, une sélection ou une évaluation.",
    en: "For reflection on one's own path; not for hiring, selection or assessment.");

pub const FLAT: Message = msg!("flat",
    fr: "Vos réponses ne placent aucun intérêt devant un autre : voici des exemples variés, sans classement. Répondez aux questions d'intérêt pour obtenir un ordre.",
    en: "Your answers put no interest before another: these are varied examples, in no order. Answer the questions on interests to get one.");
pub const BY_TYPE: Message = msg!("by_type",
    fr: "Ordre estimé d'après quatre préférences seulement, qui expliquent au plus un huitième d'un intérêt.",
    en: "An order estimated from four preferences alone, which explain an eighth of an interest at most.");
pub const BY_SOME: Message = msg!("by_some",
    fr: "Ordre tiré de vos réponses sur les intérêts et, pour les questions laissées de côté, d'une estimation.",
    en: "An order from your answers on interests and, for the questions left out, an estimate.");
pub const BY_INTERESTS: Message = msg!("by_interests",
    fr: "Ordre tiré de vos réponses sur les intérêts. Leur lien avec la satisfaction au travail est réel mais faible (corrélation de 0,11 à 0,24 selon les études).",
    en: "An order from your answers on interests. Their link with satisfaction at work is real but weak (correlation of 0.11 to 0.24 by study).");
pub const ALIKE: Message = msg!("alike",
    fr: "Beaucoup de réponses se ressemblent, quelle que soit la question.",
    en: "Many answers are alike, whatever the question.");

/// The names of the poles of a preference, first pole first.
pub fn poles(dimension: usize, language: Language) -> [&'static str; 2] {
    let (fr, en) = match dimension {
        0 => (["Échange", "Recueillement"], ["Outgoing", "Inward"]),
        1 => (["Possibilités", "Faits"], ["Possibilities", "Facts"]),
        2 => (["Logique", "Personnes"], ["Logic", "People"]),
        _ => (["Organisation", "Souplesse"], ["Planning", "Openness"]),
    };
    if language == Language::Fr { fr } else { en }
}

/// What a preference is about.
pub fn dimension(dimension: usize, language: Language) -> String {
    poles(dimension, language).join(" – ")
}

/// The name of an interest, by its place in R, I, A, S, E, C.
pub fn interest(interest: usize, language: Language) -> &'static str {
    let (fr, en) = match interest {
        0 => ("Réaliste", "Realistic"),
        1 => ("Investigateur", "Investigative"),
        2 => ("Artistique", "Artistic"),
        3 => ("Social", "Social"),
        4 => ("Entreprenant", "Enterprising"),
        _ => ("Conventionnel", "Conventional"),
    };
    if language == Language::Fr { fr } else { en }
}

/// The word for a strength, 0 to 1.
pub fn strength(strength: f64, language: Language) -> &'static str {
    let at = [crate::score::TIE, 0.35, crate::score::DECIDED].iter().filter(|bound| strength >= **bound).count();
    match language {
        Language::Fr => ["équilibré", "léger", "net", "marqué"][at],
        Language::En => ["balanced", "slight", "clear", "strong"][at],
    }
}

/// The two interests that speak most for a match, and the one that speaks most against it.
pub fn why(found: &Match, language: Language) -> Vec<String> {
    let mut letters: Vec<usize> = (0..INTERESTS.len()).collect();
    letters.sort_by(|one, other| found.terms[*other].total_cmp(&found.terms[*one]));
    let speaks =
        letters.iter().copied().filter(|letter| found.terms[*letter] > 0.0).take(2).map(|letter| for_it(found, letter, language));
    let against =
        letters.last().copied().filter(|letter| found.terms[*letter] < 0.0).map(|letter| against_it(found, letter, language));
    speaks.chain(against).collect()
}

fn for_it(found: &Match, letter: usize, language: Language) -> String {
    let name = interest(letter, language);
    match (language, found.above[letter]) {
        (Language::Fr, true) => {
            format!("Pour : {name} est au-dessus de vos autres intérêts, et ce métier en demande plus que du reste.")
        }
        (Language::Fr, false) => {
            format!("Pour : {name} est en dessous de vos autres intérêts, et ce métier en demande moins que du reste.")
        }
        (Language::En, true) => {
            format!("For: {name} stands above your other interests, and this occupation asks more of it than of others.")
        }
        (Language::En, false) => {
            format!("For: {name} stands below your other interests, and this occupation asks less of it than of others.")
        }
    }
}

fn against_it(found: &Match, letter: usize, language: Language) -> String {
    let name = interest(letter, language);
    match (language, found.above[letter]) {
        (Language::Fr, true) => {
            format!("Contre : {name} est au-dessus de vos autres intérêts, et ce métier en demande moins que du reste.")
        }
        (Language::Fr, false) => {
            format!("Contre : {name} est en dessous de vos autres intérêts, et ce métier en demande plus que du reste.")
        }
        (Language::En, true) => {
            format!("Against: {name} stands above your other interests, and this occupation asks less of it than of others.")
        }
        (Language::En, false) => {
            format!("Against: {name} stands below your other interests, and this occupation asks more of it than of others.")
        }
    }
}

/// What an occupation asks, and how it compares in exposure to generative AI.
pub fn description(occupation: &Occupation, language: Language) -> String {
    [preparation(occupation.job_zone, language), " ", &exposure(occupation, language)].concat()
}

fn preparation(job_zone: u8, language: Language) -> &'static str {
    let at = usize::from(job_zone.clamp(1, 5) - 1);
    match language {
        Language::Fr => [
            "Peu ou pas de préparation demandée (1 sur 5).",
            "Une préparation courte demandée (2 sur 5).",
            "Une formation ou une expérience moyenne demandée (3 sur 5).",
            "Une préparation longue demandée (4 sur 5).",
            "Des études longues demandées (5 sur 5).",
        ][at],
        Language::En => [
            "Asks for little or no preparation (1 of 5).",
            "Asks for short preparation (2 of 5).",
            "Asks for medium training or experience (3 of 5).",
            "Asks for long preparation (4 of 5).",
            "Asks for long studies (5 of 5).",
        ][at],
    }
}

/// How many occupations are more exposed, with the range and how many measures it is of. Exposure is not replacement.
pub fn exposure(occupation: &Occupation, language: Language) -> String {
    let [low, mid, high] = occupation.resilience();
    let measures = occupation.measures().count();
    match language {
        Language::Fr => format!(
            "{mid} % des métiers sont plus exposés à l'IA générative que celui-ci (entre {low} et {high} selon {measures} mesures). \
             Exposition ne veut pas dire remplacement."
        ),
        Language::En => format!(
            "{mid} % of occupations are more exposed to generative AI than this one (range {low}–{high}, {measures} measures). \
             Exposure does not mean replacement."
        ),
    }
}

/// What a measure is, in words.
pub fn measure(measure: &Measure, language: Language) -> &'static str {
    match (language, measure.is_observed) {
        (Language::Fr, true) => "usage observé",
        (Language::Fr, false) => "usage possible",
        (Language::En, true) => "observed use",
        (Language::En, false) => "possible use",
    }
}

/// How much a growth projection says.
pub fn growth_source(is_of_group: bool, language: Language) -> &'static str {
    match (language, is_of_group) {
        (Language::Fr, false) => "BLS 2024–34, États-Unis ; aucune projection française ici",
        (Language::Fr, true) => "BLS 2024–34, États-Unis, pour un groupe plus large ; aucune projection française ici",
        (Language::En, false) => "BLS 2024–34, United States; no French projection here",
        (Language::En, true) => "BLS 2024–34, United States, of a broader group; no French projection here",
    }
}

/// What France Travail marks a fiche with.
pub fn flag(letter: char, language: Language) -> Option<&'static str> {
    let (fr, en) = match letter {
        'V' => ("métier vert", "green occupation"),
        'S' => ("stratégique pour la transition écologique", "strategic for the ecological transition"),
        'B' => ("métier « brun »", "brown occupation"),
        'N' => ("transition numérique", "digital transition"),
        'D' => ("transition démographique", "demographic transition"),
        'R' => ("métier réglementé", "regulated occupation"),
        _ => return None,
    };
    Some(if language == Language::Fr { fr } else { en })
}
