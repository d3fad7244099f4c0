//! The shapes that functions answer with, made of answers alone: the same answers give the same bytes.

use chrono::{DateTime, Utc};
use edge::{Language, Message, output};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::occupations::{DATA_VERSION, SOURCES};
use crate::questions::{self, Answers, DIMENSIONS};
use crate::ranking::{Match, rank};
use crate::recommend::{Recommendation, recommend};
use crate::score::{Profile, Scale};
use crate::words;

/// Of formulas, texts and facts together: what a stored set of answers is replayed under.
pub const ANALYSIS_VERSION: &str = "aube-2026.11";

/// How many matches a result shows; `GET /aube/career/matches/{user_id}` has all.
pub const SHOWN: usize = 20;

/// What a set of answers comes to, with the occupations nearest to it.
#[output(name = "DiagnosticResult")]
pub struct DiagnosticResult {
    pub id: Uuid,
    pub user_id: Uuid,
    pub created_at: DateTime<Utc>,
    /// Of formulas, texts and facts: the same answers give the same bytes under it.
    pub analysis_version: String,
    pub question_set_version: String,
    pub lang: Language,
    /// 0 to 0.95; it falls with missing, contradictory and undecided answers.
    pub confidence_score: f64,
    pub personality_profile: PersonalityProfile,
    pub ranking: Ranking,
    /// The nearest ones, nearest first.
    pub career_matches: Vec<CareerMatch>,
    pub recommendations: Vec<String>,
    /// The same, each with its id and reason.
    pub recommendation_details: Vec<Recommendation>,
    /// What a model adds in words, marked as such; `{}` where no model is asked. No number comes from it.
    pub ai_insights: Map<String, Value>,
    pub data: Data,
    pub purpose: String,
}

/// Four preferences and six interests.
#[output(name = "PersonalityProfile")]
pub struct PersonalityProfile {
    /// Four letters, `X` for a tie.
    pub r#type: String,
    pub dimensions: Dimensions,
    pub interests: Interests,
    pub response_style: ResponseStyle,
}

/// The four scales.
#[output(name = "PersonalityDimensions")]
pub struct Dimensions {
    #[serde(rename = "EI")]
    pub ei: Dimension,
    #[serde(rename = "NS")]
    pub ns: Dimension,
    #[serde(rename = "TF")]
    pub tf: Dimension,
    #[serde(rename = "JP")]
    pub jp: Dimension,
}

/// One scale, and how it was computed.
#[output(name = "PersonalityDimension")]
pub struct Dimension {
    /// Mean of the answers, -1 to 1; positive towards the first letter.
    pub score: f64,
    /// Null for a tie.
    pub letter: Option<String>,
    /// Whether the strength is below 0.15.
    pub tie: bool,
    /// 0 to 1.
    pub strength: f64,
    /// The strength in a word.
    pub label: String,
    /// 1 less the standard deviation of the answers, 0 to 1.
    pub consistency: f64,
    pub answered: u8,
    pub of: u8,
}

/// Holland's six interests, -1 to 1.
#[output(name = "PersonalityInterests")]
pub struct Interests {
    #[serde(rename = "R")]
    pub r: f64,
    #[serde(rename = "I")]
    pub i: f64,
    #[serde(rename = "A")]
    pub a: f64,
    #[serde(rename = "S")]
    pub s: f64,
    #[serde(rename = "E")]
    pub e: f64,
    #[serde(rename = "C")]
    pub c: f64,
    /// The share of interest questions answered, 0 to 1; the rest is estimated from the preferences.
    pub answered_share: f64,
}

/// How somebody answers, whatever is asked.
#[output(name = "ResponseStyle")]
pub struct ResponseStyle {
    /// -1 (always disagrees) to 1 (always agrees).
    pub score: f64,
    /// Said where it is beyond 0.6.
    pub note: Option<String>,
}

/// What the order of matches stands on.
#[output(name = "CareerRanking")]
pub struct Ranking {
    /// False where no interest stands before another: then there is no order.
    pub claimed: bool,
    pub reason: String,
    /// `λ`, 0 to 1: how much the interests are worth.
    pub weight: f64,
}

/// An occupation and how near it is.
#[output(name = "CareerMatch")]
pub struct CareerMatch {
    pub title: String,
    pub occupation: OccupationCodes,
    /// 0 to 100.
    pub match_score: u8,
    pub match_interval: [u8; 2],
    /// Percent of occupations that are more exposed to generative AI; the median of the measures.
    pub ai_resilience: u8,
    pub ai_resilience_interval: [u8; 2],
    pub ai_measures: Vec<AiMeasure>,
    /// The most particular first.
    pub skills_required: Vec<String>,
    /// O*NET's elements, in the same order; what the filter `skill` takes.
    pub skill_ids: Vec<String>,
    /// The occupation whose skills these are, where there are none of its own.
    pub skills_of: Option<String>,
    /// `declining`, `slow_decline`, `slow`, `growing`, `strong` or `unknown`.
    pub growth_potential: String,
    pub growth: Growth,
    /// Preparation, 1 to 5: what it asks, never a bar.
    pub job_zone: u8,
    pub description: String,
    /// Two interests for it, one against.
    pub why: Vec<String>,
    pub data: DataVersion,
}

/// Its codes in three classifications.
#[output(name = "OccupationCodes")]
pub struct OccupationCodes {
    pub onet_soc: String,
    pub isco08: String,
    pub rome: Option<Rome>,
}

/// A fiche of ROME 4.0.
#[output(name = "RomeFiche")]
pub struct Rome {
    pub code: String,
    pub label: String,
    /// `exact`, or `near`: a near or broader occupation.
    pub fit: String,
}

/// One published measure of exposure.
#[output(name = "AiMeasure")]
pub struct AiMeasure {
    pub name: String,
    /// As published, 0 to 1.
    pub value: f64,
    /// Within the whole source, 0 to 100: 100 is the most exposed.
    pub percentile: u8,
    /// Whether it was seen in use, or says what would be possible.
    pub kind: String,
    pub source: String,
    pub version: String,
    pub licence: String,
}

/// A projection, and France Travail's flags.
#[output(name = "CareerGrowth")]
pub struct Growth {
    /// Over ten years, in the United States.
    pub percent: Option<f64>,
    pub source: String,
    /// The French signal.
    pub signals: Vec<String>,
}

/// Of which facts something is.
#[output(name = "CareerDataVersion")]
pub struct DataVersion {
    pub version: String,
    pub licence: String,
}

/// The facts behind an answer.
#[output(name = "CareerData")]
pub struct Data {
    pub version: String,
    pub sources: Vec<Source>,
}

/// Whose facts they are.
#[output(name = "CareerSource")]
pub struct Source {
    pub name: String,
    pub licence: String,
    pub attribution: String,
}

/// Answers with everything that follows from them.
pub struct Analysis {
    pub answers: Answers,
    pub profile: Profile,
    /// Every occupation, the nearest first.
    pub matches: Vec<Match>,
}

impl Analysis {
    pub fn of(answers: Answers) -> Analysis {
        let profile = Profile::of(&answers);
        Analysis { answers, profile, matches: rank(&profile) }
    }

    /// What a stored set of answers came to; `None` where it is of another version of the items or of the analysis.
    pub fn replay(question_set: &str, version: &str, digits: &str) -> Option<Analysis> {
        let is_known = question_set == questions::VERSION && version == ANALYSIS_VERSION;
        Answers::of_digits(digits).filter(|_| is_known).map(Analysis::of)
    }

    /// The result as it is shown. `ai_insights` is the one place for what a model would add; none is asked yet.
    pub fn result(&self, id: Uuid, user_id: Uuid, created_at: DateTime<Utc>, lang: Language) -> DiagnosticResult {
        let details = recommend(&self.answers, &self.profile, &self.matches, lang);
        let shown = if self.profile.is_flat() { 6 } else { SHOWN };
        DiagnosticResult {
            id,
            user_id,
            created_at,
            analysis_version: ANALYSIS_VERSION.to_owned(),
            question_set_version: questions::VERSION.to_owned(),
            lang,
            confidence_score: rounded(self.profile.confidence),
            personality_profile: PersonalityProfile::of(&self.profile, lang),
            ranking: Ranking::of(&self.profile, lang),
            career_matches: self.matches.iter().take(shown).map(|found| CareerMatch::of(found, lang)).collect(),
            recommendations: details.iter().map(|one| one.text.clone()).collect(),
            recommendation_details: details,
            ai_insights: Map::new(),
            data: Data::all(),
            purpose: words::PURPOSE.text(lang).to_owned(),
        }
    }
}

impl PersonalityProfile {
    pub fn of(profile: &Profile, lang: Language) -> PersonalityProfile {
        let [ei, ns, tf, jp] = [0, 1, 2, 3].map(|at| Dimension::of(&profile.scales[at], at, lang));
        let [r, i, a, s, e, c] = profile.interests.map(rounded);
        PersonalityProfile {
            r#type: four_letters(profile),
            dimensions: Dimensions { ei, ns, tf, jp },
            interests: Interests { r, i, a, s, e, c, answered_share: rounded(profile.by_interests) },
            response_style: ResponseStyle {
                score: rounded(profile.style),
                note: profile.answers_alike().then(|| words::ALIKE.text(lang).to_owned()),
            },
        }
    }
}

impl Dimension {
    fn of(scale: &Scale, at: usize, lang: Language) -> Dimension {
        Dimension {
            score: rounded(scale.score),
            letter: letter(scale, at).map(str::to_owned),
            tie: scale.is_tie(),
            strength: rounded(scale.strength()),
            label: words::strength(scale.strength(), lang).to_owned(),
            consistency: rounded(scale.consistency),
            answered: scale.answered as u8,
            of: questions::OF_DIMENSION as u8,
        }
    }
}

impl Ranking {
    pub fn of(profile: &Profile, lang: Language) -> Ranking {
        let reason: Message = if profile.is_flat() {
            words::FLAT
        } else if profile.by_interests <= 0.0 {
            words::BY_TYPE
        } else if profile.by_interests < 1.0 {
            words::BY_SOME
        } else {
            words::BY_INTERESTS
        };
        Ranking { claimed: !profile.is_flat(), reason: reason.text(lang).to_owned(), weight: rounded(profile.weight) }
    }
}

impl CareerMatch {
    pub fn of(found: &Match, lang: Language) -> CareerMatch {
        let occupation = found.occupation;
        let [low, ai_resilience, high] = occupation.resilience();
        let rome = (!occupation.rome.is_empty()).then(|| Rome {
            code: occupation.rome.to_owned(),
            label: occupation.rome_label.to_owned(),
            fit: if occupation.rome_is_exact { "exact" } else { "near" }.to_owned(),
        });
        CareerMatch {
            title: occupation.title(lang).to_owned(),
            occupation: OccupationCodes {
                onet_soc: occupation.onet_soc.to_owned(),
                isco08: format!("{:04}", occupation.isco08),
                rome,
            },
            match_score: found.score(),
            match_interval: found.interval(),
            ai_resilience,
            ai_resilience_interval: [low, high],
            ai_measures: occupation
                .measures()
                .map(|(measure, value, percentile)| AiMeasure {
                    name: measure.name.to_owned(),
                    value: rounded(value),
                    percentile,
                    kind: words::measure(measure, lang).to_owned(),
                    source: measure.source.to_owned(),
                    version: measure.version.to_owned(),
                    licence: measure.licence.to_owned(),
                })
                .collect(),
            skills_required: occupation.skills().map(|skill| skill.name(lang).to_owned()).collect(),
            skill_ids: occupation.skills().map(|skill| skill.id.to_owned()).collect(),
            skills_of: Some(occupation.skills_of).filter(|code| !code.is_empty()).map(str::to_owned),
            growth_potential: occupation.growth_word().to_owned(),
            growth: Growth {
                percent: occupation.growth.map(|tenths| f64::from(tenths) / 10.0),
                source: words::growth_source(occupation.growth_is_of_group, lang).to_owned(),
                signals: occupation.flags.chars().filter_map(|flag| words::flag(flag, lang)).map(str::to_owned).collect(),
            },
            job_zone: occupation.job_zone,
            description: words::description(occupation, lang),
            why: words::why(found, lang),
            data: DataVersion { version: DATA_VERSION.to_owned(), licence: LICENCES.to_owned() },
        }
    }
}

/// Of a match, all of its sources together; [`Data`] says which is whose.
const LICENCES: &str = "CC BY 4.0; Licence Ouverte 2.0; MIT; public domain";

impl Data {
    pub fn all() -> Data {
        let source = |(name, licence, attribution): &(&str, &str, &str)| Source {
            name: (*name).to_owned(),
            licence: (*licence).to_owned(),
            attribution: (*attribution).to_owned(),
        };
        Data { version: DATA_VERSION.to_owned(), sources: SOURCES.iter().map(source).collect() }
    }
}

/// The letter of a scale; none for a tie.
pub fn letter(scale: &Scale, at: usize) -> Option<&'static str> {
    let pair = DIMENSIONS[at];
    (!scale.is_tie()).then(|| if scale.score > 0.0 { &pair[..1] } else { &pair[1..] })
}

/// Four letters, `X` for a tie.
pub fn four_letters(profile: &Profile) -> String {
    profile.scales.iter().enumerate().map(|(at, scale)| letter(scale, at).unwrap_or("X")).collect()
}

/// To four places, and 0 without a sign.
pub fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4 + 0.0
}
