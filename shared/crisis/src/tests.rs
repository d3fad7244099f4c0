use edge::Language;
use proptest::prelude::*;

use super::*;
use crate::phrases::normal;

/// Sentences by which phrases were chosen: id, language, category, `crisis`, `none` or `soft` (either is right), text. They say what
/// the phrases know, not what they will find. Never printed.
const SENTENCES: &str = include_str!("tests/sentences.tsv");

fn sentences(label: &str) -> Vec<(&'static str, &'static str)> {
    let rows = SENTENCES.lines().skip(1).map(|line| line.splitn(5, '\t').collect::<Vec<_>>());
    rows.filter(|row| row[3] == label).map(|row| (row[0], row[4])).collect()
}

#[test]
fn most_of_the_known_sentences_are_heard_and_few_of_the_harmless_ones() {
    let (crisis, none) = (sentences("crisis"), sentences("none"));
    let missed: Vec<_> = crisis.iter().filter(|(_, text)| look(&[text]).is_none()).map(|(id, _)| id).collect();
    let flagged: Vec<_> = none.iter().filter(|(_, text)| look(&[text]).is_some()).map(|(id, _)| id).collect();
    let alarmed: Vec<_> = none
        .iter()
        .filter(|(_, text)| look(&[text]).is_some_and(|signal| signal != Signal::Possible))
        .map(|(id, _)| id)
        .collect();
    assert!(missed.len() * 20 <= crisis.len(), "{} of {} missed: {missed:?}", missed.len(), crisis.len());
    assert!(flagged.len() * 8 <= none.len(), "{} of {} flagged: {flagged:?}", flagged.len(), none.len());
    assert!(alarmed.is_empty(), "{alarmed:?}");
}

#[test]
fn a_sentence_may_come_in_pieces_and_in_disguise() {
    assert_eq!(look(&["Bonjour", "je veux", "mourir"]), Some(Signal::Oneself));
    assert_eq!(look(&["je ve\u{200b}ux mou\u{ad}rir"]), Some(Signal::Oneself));
    assert_eq!(look(&["JE VEUX… MOURIR !!!"]), Some(Signal::Oneself));
    assert_eq!(look(&["i want to dieeeeee"]), Some(Signal::Oneself));
    assert_eq!(look(&["\u{ff49} want to \u{ff44}ie"]), Some(Signal::Oneself), "full-width letters");
    assert_eq!(
        look(&["Il fait beau.", "Je veux mourir.", "Il fait beau.", "Encore.", "Merci."]),
        Some(Signal::Oneself),
        "history too"
    );
}

#[test]
fn an_idiom_takes_its_own_words_away_and_vetoes_nothing() {
    assert_eq!(look(&["Je suis mort de rire, c'est à mourir de rire"]), None);
    assert_eq!(look(&["Mort de rire. Mais au fond, je veux mourir."]), Some(Signal::Oneself));
    assert_eq!(look(&["mourir de rire mourir de rire"]), None, "twice, one behind the other");
    assert_eq!(look(&[]), None);
}

#[test]
fn the_gravest_of_several_things_is_answered() {
    assert_eq!(look(&["J'ai peur de mourir.", "Elle veut se suicider.", "Il veut me tuer."]), Some(Signal::Danger));
    assert_eq!(look(&["Mon amie veut se suicider et je ne sais pas quoi faire."]), Some(Signal::Helper));
}

#[test]
fn a_panel_has_the_lines_of_its_country_in_every_shape() {
    let panel = Panel::new(Signal::Oneself, Language::Fr, Some("fr"));
    assert_eq!((panel.text_id.as_str(), panel.resources[0].line.as_str()), ("oneself-1", "3114"));
    assert_eq!(panel.resources[0].verified_on.as_deref(), Some("2026-11"));
    let json = serde_json::to_value(&panel).unwrap();
    assert_eq!((&json["level"], &json["resources"][0]["line"]), (&"certain".into(), &"3114".into()));
    let (words, html) = (panel.words(), panel.html());
    for resource in &panel.resources {
        assert!(words.contains(&resource.line) && html.contains(&resource.line), "{}", resource.line);
    }
    assert!(words.starts_with(&panel.text) && html.contains("<a href=\"tel:3114\">3114</a>"), "{html}");
    let anywhere = Panel::new(Signal::Possible, Language::En, Some("ZZ"));
    assert!(anywhere.html().contains("<a href=\"https://findahelpline.com\">"), "{}", anywhere.html());
    assert_eq!(serde_json::to_value(&anywhere).unwrap()["level"], "possible");
    assert_eq!(anywhere.words(), Panel::new(Signal::Possible, Language::En, None).words());
}

#[test]
fn every_country_has_somebody_to_call_in_an_emergency_and_every_text_both_languages() {
    for country in ["FR", "BE", "CH", "CA", "LU", "US", "GB", "IE", "DE", "ES", "IT", "NL", "*"] {
        let (fr, en) = (resources(Language::Fr, Some(country)), resources(Language::En, Some(country)));
        assert!(fr.len() >= 2 && fr.len() == en.len(), "{country}");
        assert!(fr.iter().any(|line| ["15", "112", "911", "999"].contains(&line.line.as_str())), "{country}");
        assert!(fr.iter().chain(&en).all(|line| !line.about.is_empty() && line.source.starts_with("https://")), "{country}");
    }
    for signal in [Signal::Possible, Signal::Helper, Signal::Abuse, Signal::Oneself, Signal::Danger] {
        let [fr, en] = [Language::Fr, Language::En].map(|language| Panel::new(signal, language, None));
        assert!(fr.text != en.text && fr.text_id == en.text_id && fr.text_id.starts_with(signal.word()));
    }
}

#[test]
fn a_line_is_read_again_after_half_a_year() {
    let (now, later) = (unverified("2026-11"), unverified("2027-06"));
    assert!(!now.contains(&("FR", "3114")) && now.contains(&("FR", "114")), "{now:?}");
    assert!(!unverified("2027-05").contains(&("FR", "3114")) && later.contains(&("FR", "3114")));
    assert_eq!(later.len(), unverified("?").len(), "all of them");
}

#[test]
fn phrases_are_normal_and_stand_once() {
    let mut seen = std::collections::BTreeSet::new();
    for line in include_str!("phrases.tsv").lines().skip(1) {
        let (kind, phrase) = line.split_once('\t').unwrap();
        assert_eq!(normal(phrase), [" ", phrase, " "].concat());
        assert!(["self", "danger", "abuse", "helper", "possible", "idiom"].contains(&kind) && seen.insert(phrase), "{phrase}");
    }
}

proptest! {
    #[test]
    fn any_text_is_looked_at_and_nothing_around_a_phrase_hides_it(before in any::<String>(), after in any::<String>()) {
        let _ = look(&[&before, &after]);
        let text = [before.as_str(), " ! je veux mourir . ", after.as_str()].concat();
        prop_assert!(look(&[&text]).is_some_and(|signal| signal >= Signal::Oneself));
    }
}
