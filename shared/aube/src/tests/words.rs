use edge::Language;
use proptest::prelude::*;

use super::{any_answers, bytes};
use crate::occupations::{MEASURES, OCCUPATIONS};
use crate::questions::{DIMENSIONS, ITEMS};
use crate::recommend::{is_known, recommend};
use crate::{Analysis, words};

/// What no text says of an occupation, of a type or of AI.
const NEVER: &[&str] = &[
    "made for you",
    "fait pour vous",
    "faite pour vous",
    "faits pour vous",
    "meant for you",
    "ideal",
    "idéal",
    "perfect for",
    "perfect match",
    "parfait pour",
    "métier parfait",
    "dream job",
    "métier de rêve",
    "destiny",
    "destin",
    "predict",
    "prédi",
    "prévoi",
    "success",
    "succès",
    "réussi",
    "aptitude",
    "your talent",
    "votre talent",
    "will replace",
    "will be replaced",
    "va remplacer",
    "sera remplacé",
    "remplacera",
    "will disappear",
    "disparaîtra",
    "va disparaître",
    "will not replace",
    "safe from ai",
    "à l'abri de l'ia",
    "future-proof",
    "scientifically proven",
    "scientifiquement prouvé",
    "prouvé",
    "guarante",
    "garanti",
    "by 2030",
    "d'ici 2030",
    "d'ici 20",
    "mbti",
    "myers",
];

fn promises(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    NEVER.iter().copied().filter(|never| text.contains(never)).collect()
}

proptest! {
    #[test]
    fn no_result_promises_anything_and_every_one_says_what_it_is_not_for(answers in any_answers()) {
        let analysis = Analysis::of(answers);
        for language in [Language::Fr, Language::En] {
            let text = String::from_utf8(bytes(&analysis, language)).unwrap();
            prop_assert_eq!(promises(&text), Vec::<&str>::new());
            let not_for = if language == Language::Fr { "pas pour un recrutement" } else { "not for hiring" };
            prop_assert!(text.contains(not_for));
        }
    }

    #[test]
    fn the_same_actions_are_recommended_in_both_languages_each_once_and_known(answers in any_answers()) {
        let analysis = Analysis::of(answers);
        let [fr, en] = [Language::Fr, Language::En].map(|language| recommend(&answers, &analysis.profile, &analysis.matches, language));
        let ids: Vec<&str> = fr.iter().map(|one| one.id.as_str()).collect();
        prop_assert!(fr.len() == en.len() && fr.iter().zip(&en).all(|(one, other)| one.id == other.id));
        prop_assert!(ids.iter().all(|id| is_known(id)), "{ids:?}");
        prop_assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
        prop_assert!(fr.iter().chain(&en).all(|one| !one.text.is_empty() && !one.reason.is_empty()));
    }
}

#[test]
fn no_text_about_any_occupation_promises_anything() {
    for language in [Language::Fr, Language::En] {
        for occupation in &OCCUPATIONS {
            assert_eq!(promises(&words::description(occupation, language)), Vec::<&str>::new(), "{}", occupation.onet_soc);
        }
        let fixed = [words::PURPOSE, words::FLAT, words::BY_TYPE, words::BY_SOME, words::BY_INTERESTS, words::ALIKE]
            .map(|message| message.text(language));
        let poles = (0..DIMENSIONS.len()).flat_map(|at| words::poles(at, language));
        let measures = MEASURES.iter().map(|measure| words::measure(measure, language));
        let others = [words::growth_source(true, language), words::growth_source(false, language)];
        let items = ITEMS.iter().map(|item| item.text(language));
        for text in fixed.into_iter().chain(poles).chain(measures).chain(others).chain(items) {
            assert_eq!(promises(text), Vec::<&str>::new(), "{text}");
        }
    }
}

#[test]
fn a_promise_would_be_seen() {
    assert_eq!(promises("Ce métier est FAIT POUR VOUS."), ["fait pour vous"]);
    assert_eq!(promises("AI will replace it by 2030"), ["will replace", "by 2030"]);
}
