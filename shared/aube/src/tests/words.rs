use edge::Language;
use proptest::prelude::*;
use serde_json::Value;

use super::{any_answers, bytes};
use crate::occupations::{MEASURES, OCCUPATIONS};
use crate::promises::promises;
use crate::questions::{DIMENSIONS, ITEMS};
use crate::recommend::{begin, is_known, recommend};
use crate::{Analysis, words};

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
        let first = begin(language);
        assert_eq!(promises(&[first.text, first.reason].join("\n")), Vec::<&str>::new());
        for text in fixed.into_iter().chain(poles).chain(measures).chain(others).chain(items) {
            assert_eq!(promises(text), Vec::<&str>::new(), "{text}");
        }
    }
}

/// Of pages and pictures their own tests say so.
#[test]
fn every_answer_says_what_it_is_not_for() {
    let area: Value = serde_json::from_str(include_str!("../../../../functions/aube/openapi.json")).unwrap();
    let answers = area["paths"].as_object().unwrap().iter().flat_map(|(path, verbs)| {
        let responses = verbs.as_object().unwrap().values().filter_map(|verb| verb["responses"].as_object()).flatten();
        responses.map(move |(status, response)| (path, status, &response["content"]["application/json"]["schema"]["$ref"]))
    });
    let mut names = 0;
    for (path, status, schema) in answers.filter(|(_, status, schema)| status.starts_with('2') && schema.is_string()) {
        let schema = &area["components"]["schemas"][schema.as_str().unwrap().rsplit('/').next().unwrap()];
        let required = schema["required"].as_array().unwrap_or_else(|| panic!("{path}"));
        assert!(required.contains(&"purpose".into()), "{path} {status}");
        names += 1;
    }
    assert!(names >= 13, "{names}");
}

#[test]
fn a_promise_would_be_seen() {
    assert_eq!(promises("Ce métier est FAIT POUR VOUS."), ["fait pour vous"]);
    assert_eq!(promises("AI will replace it by 2030"), ["will replace", "by 2030"]);
}
