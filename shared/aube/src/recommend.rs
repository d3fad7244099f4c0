//! Next actions, each with its reason, made of a profile and its matches: the same answers give the same actions.

use edge::{Language, output};

use crate::occupations::{SKILLS, is_code};
use crate::questions::{Answers, DIMENSIONS, OF_INTERESTS, OF_TYPE};
use crate::ranking::Match;
use crate::score::Profile;
use crate::words;

/// How many of the first matches are looked at.
const FIRST: usize = 10;
/// Below this a profile is worth another look.
const UNSURE: f64 = 0.5;
/// From how many points between the measures on they disagree.
const WIDE: u8 = 40;

/// Something to do next.
#[output(name = "Recommendation")]
pub struct Recommendation {
    /// The same for the same action, whatever the language: letters, digits, dots and hyphens.
    pub id: String,
    pub text: String,
    pub reason: String,
}

/// What to do next, the most useful first. `matches` are ordered, without what the person has set aside.
pub fn recommend(answers: &Answers, profile: &Profile, matches: &[Match], language: Language) -> Vec<Recommendation> {
    let mut list = List { language, made: Vec::new() };
    let (of_type, of_interests) = answers.counts();
    if of_interests < OF_INTERESTS {
        let left = OF_INTERESTS - of_interests;
        list.add(
            "answer-interests",
            [
                format!("Répondez aux {left} questions d'intérêt restantes."),
                format!("Answer the {left} questions on interests that are left."),
            ],
            [
                "Les intérêts disent plus d'un métier que quatre préférences : l'intervalle de chaque score se resserre."
                    .to_owned(),
                "Interests say more of an occupation than four preferences: the interval of every score narrows.".to_owned(),
            ],
        );
    }
    if of_type < OF_TYPE {
        let left = OF_TYPE - of_type;
        list.add(
            "answer-preferences",
            [
                format!("Complétez les {left} questions de préférence restantes."),
                format!("Complete the {left} questions on preferences that are left."),
            ],
            [
                "Chaque question laissée de côté abaisse la confiance.".to_owned(),
                "Each question left out lowers the confidence.".to_owned(),
            ],
        );
    }
    if profile.answers_alike() {
        list.add(
            "vary-answers",
            [
                "Reprenez le questionnaire en vous servant de toute l'échelle.".to_owned(),
                "Take the questionnaire again and use the whole scale.".to_owned(),
            ],
            [words::ALIKE.fr.to_owned(), words::ALIKE.en.to_owned()],
        );
    } else if profile.confidence < UNSURE && of_type == OF_TYPE {
        list.add(
            "take-again",
            [
                "Refaites le questionnaire dans quelques semaines et comparez.".to_owned(),
                "Take the questionnaire again in some weeks and compare.".to_owned(),
            ],
            [
                "Des réponses partagées donnent un profil incertain ; un second passage montre ce qui tient.".to_owned(),
                "Divided answers give an uncertain profile; a second one shows what holds.".to_owned(),
            ],
        );
    }
    if !profile.is_flat() {
        explore(&mut list, matches);
        learn(&mut list, matches);
        compare_measures(&mut list, matches);
    }
    for (scale, dimension) in profile.scales.iter().zip(0..) {
        if scale.is_tie() && scale.answered > 0 {
            let [fr, en] = [Language::Fr, Language::En].map(|language| words::poles(dimension, language));
            list.add(
                &["both-", &DIMENSIONS[dimension].to_ascii_lowercase()].concat(),
                [
                    format!("Notez une situation où le côté « {} » a été utile, et une où c'était « {} ».", fr[0], fr[1]),
                    format!("Note a situation in which “{}” served you, and one in which “{}” did.", en[0], en[1]),
                ],
                [
                    "Vos réponses ne penchent ni d'un côté ni de l'autre : les deux sont à votre portée.".to_owned(),
                    "Your answers lean to neither side: both are at hand.".to_owned(),
                ],
            );
        }
    }
    list.made
}

/// What somebody may do who has no result yet.
pub fn begin(language: Language) -> Recommendation {
    let mut list = List { language, made: Vec::new() };
    list.add(
        "take-questionnaire",
        [
            "Répondez au questionnaire, en entier ou en partie.".to_owned(),
            "Answer the questionnaire, whole or in part.".to_owned(),
        ],
        ["Il n'y a pas encore de résultat d'où partir.".to_owned(), "There is no result to start from yet.".to_owned()],
    );
    list.made.swap_remove(0)
}

/// The first matches of three families.
fn explore(list: &mut List, matches: &[Match]) {
    let mut families = Vec::new();
    for found in matches {
        let occupation = found.occupation;
        if families.contains(&occupation.family()) || families.len() == 3 {
            continue;
        }
        families.push(occupation.family());
        let [low, high] = found.interval();
        let score = found.score();
        list.add(
            &["explore-", occupation.onet_soc].concat(),
            [
                format!("Parlez avec une personne dont c'est le métier : {}.", occupation.title(Language::Fr)),
                format!("Talk with somebody whose occupation it is: {}.", occupation.title(Language::En)),
            ],
            [
                format!("Parmi vos métiers les plus proches : {score} sur 100 (entre {low} et {high})."),
                format!("Among the occupations nearest to your interests: {score} of 100 (range {low}–{high})."),
            ],
        );
    }
}

/// The skill that the first matches ask for most often.
fn learn(list: &mut List, matches: &[Match]) {
    let mut counts = vec![0_usize; SKILLS.len()];
    let first = &matches[..matches.len().min(FIRST)];
    for found in first {
        for skill in found.occupation.skills {
            counts[usize::from(*skill)] += 1;
        }
    }
    // Of equally frequent ones the first of the table.
    let most = (0..counts.len()).rev().max_by_key(|skill| counts[*skill]);
    if let Some(skill) = most.filter(|skill| counts[*skill] > 1) {
        let (count, all) = (counts[skill], first.len());
        list.add(
            &["learn-", SKILLS[skill].id].concat(),
            [
                format!("Essayez une activité qui exerce : {}.", SKILLS[skill].name(Language::Fr)),
                format!("Try an activity that exercises: {}.", SKILLS[skill].name(Language::En)),
            ],
            [
                format!("{count} de vos {all} premiers métiers en font une compétence importante."),
                format!("{count} of your {all} first occupations name it as an important skill."),
            ],
        );
    }
}

/// The first match on which the measures of exposure disagree.
fn compare_measures(list: &mut List, matches: &[Match]) {
    let wide = matches.iter().take(FIRST).find(|found| found.occupation.exposure[2] - found.occupation.exposure[0] >= WIDE);
    if let Some(found) = wide {
        let [low, _, high] = found.occupation.resilience();
        list.add(
            &["measures-", found.occupation.onet_soc].concat(),
            [
                format!("Regardez quelles tâches de ce métier passent déjà par l'IA : {}.", found.occupation.title(Language::Fr)),
                format!(
                    "Look at which tasks of this occupation already go through AI: {}.",
                    found.occupation.title(Language::En)
                ),
            ],
            [
                format!("Les mesures publiées se contredisent : de {low} à {high} % des métiers seraient plus exposés."),
                format!(
                    "Published measures disagree: {low} to {high} % of occupations are more exposed, depending on the measure."
                ),
            ],
        );
    }
}

/// Whether an action of this id can be recommended to anybody.
pub fn is_known(id: &str) -> bool {
    let fixed = ["take-questionnaire", "answer-interests", "answer-preferences", "vary-answers", "take-again"];
    fixed.contains(&id)
        || id.strip_prefix("explore-").or_else(|| id.strip_prefix("measures-")).is_some_and(is_code)
        || id.strip_prefix("learn-").is_some_and(|skill| SKILLS.iter().any(|known| known.id == skill))
        || id.strip_prefix("both-").is_some_and(|pair| DIMENSIONS.iter().any(|known| known.to_ascii_lowercase() == pair))
}

struct List {
    language: Language,
    made: Vec<Recommendation>,
}

impl List {
    /// Texts and reasons in French and in English.
    fn add(&mut self, id: &str, texts: [String; 2], reasons: [String; 2]) {
        let pick = |[fr, en]: [String; 2]| if self.language == Language::Fr { fr } else { en };
        let (text, reason) = (pick(texts), pick(reasons));
        self.made.push(Recommendation { id: id.to_owned(), text, reason });
    }
}
