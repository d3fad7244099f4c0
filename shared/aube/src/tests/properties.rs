//! The ten properties of a good engine.

use std::collections::BTreeSet;

use edge::Language;
use proptest::prelude::*;
use serde_json::Value;

use super::{any_answers, bytes, decided, mirrored, whole_type};
use crate::occupations::{DATA_VERSION, OCCUPATIONS, Occupation, is_code};
use crate::questions::{self, Asks, ITEMS};
use crate::ranking::{Match, rank};
use crate::result::{ANALYSIS_VERSION, CareerMatch, four_letters, letter};
use crate::score::{OF_TYPE_ALONE, Profile};
use crate::{Analysis, Answers};

fn order(matches: &[Match]) -> Vec<&'static str> {
    matches.iter().map(|found| found.occupation.onet_soc).collect()
}

/// A profile that is nothing but these interests, all asked about.
fn of_interests(interests: [f64; 6]) -> Profile {
    Profile { interests, by_interests: 1.0, weight: 1.0, ..Profile::of(&Answers::default()) }
}

proptest! {
    // 1
    #[test]
    fn turned_answers_flip_every_letter_keep_strengths_and_confidence_and_turn_the_ranking(answers in any_answers()) {
        let (one, other) = (Profile::of(&answers), Profile::of(&mirrored(&answers)));
        for (scale, turned) in one.scales.iter().zip(&other.scales) {
            prop_assert_eq!(scale.score, -turned.score);
            prop_assert_eq!((scale.is_tie(), scale.consistency), (turned.is_tie(), turned.consistency));
        }
        prop_assert_eq!((one.confidence, one.weight, one.is_flat()), (other.confidence, other.weight, other.is_flat()));
        let [first, second] = [one, other].map(|profile| OCCUPATIONS.iter().map(|job| Match::of(&profile, job).exact).collect::<Vec<_>>());
        for (exact, turned) in first.iter().zip(&second) {
            prop_assert_eq!(*exact, -turned);
        }
    }

    // 3
    #[test]
    fn more_agreement_with_a_pole_never_lowers_that_pole(answers in any_answers(), place in 0..ITEMS.len()) {
        let digit = answers.digits().as_bytes()[place] - b'0';
        prop_assume!((1..5).contains(&digit));
        let mut more = answers;
        more.put(place, digit + 1);
        let (before, after) = (Profile::of(&answers), Profile::of(&more));
        match ITEMS[place].asks {
            Asks::Type(scale, _) => {
                let towards = f64::from(ITEMS[place].key());
                prop_assert!(towards * after.scales[scale].score > towards * before.scales[scale].score);
            }
            Asks::Interest(interest) => prop_assert!(after.interests[interest] > before.interests[interest]),
        }
    }

    // 4
    #[test]
    fn order_language_and_repetition_change_nothing(answers in any_answers(), seed in any::<u64>()) {
        let mut given: Vec<(usize, u8)> = answers.given().map(|(item, answer)| (questions::place(item.id).unwrap(), answer)).collect();
        given.sort_by_key(|(place, _)| (*place as u64).wrapping_mul(seed | 1).rotate_left(23));
        let mut again = Answers::default();
        given.iter().chain(&given).for_each(|(place, answer)| again.put(*place, *answer));
        let (one, other) = (Analysis::of(answers), Analysis::of(again));
        prop_assert_eq!(bytes(&one, Language::En), bytes(&other, Language::En));
        let [fr, en] = [Language::Fr, Language::En].map(|language| serde_json::from_slice::<Value>(&bytes(&one, language)).unwrap());
        prop_assert_eq!(numbers(&fr), numbers(&en));
    }

    // 5
    #[test]
    fn contradiction_and_gaps_lower_the_confidence(poles in any::<[bool; 4]>(), scale in 0_usize..4, some in 2_usize..=8) {
        let firm = decided(poles);
        let sure = Profile::of(&firm).confidence;
        prop_assert_eq!(sure, 0.95);
        let places: Vec<usize> = (0..ITEMS.len()).filter(|at| matches!(ITEMS[*at].asks, Asks::Type(of, _) if of == scale)).collect();
        let mut gaps = firm;
        places.iter().take(some).for_each(|place| gaps.put(*place, 0));
        prop_assert!(Profile::of(&gaps).confidence < sure);
        let mut torn = firm;
        let turned = mirrored(&firm).digits();
        places.iter().take(some / 2).for_each(|place| torn.put(*place, turned.as_bytes()[*place] - b'0'));
        prop_assert!(Profile::of(&torn).confidence < sure);
    }

    // 8
    #[test]
    fn a_type_alone_is_never_near_certain(answers in whole_type()) {
        let analysis = Analysis::of(answers);
        for found in &analysis.matches {
            let [low, high] = found.interval();
            prop_assert!((32..=68).contains(&found.score()), "{}", found.score());
            prop_assert!(low <= found.score() && found.score() <= high && high - low == 32, "{low} {high}");
        }
    }

    // 9
    #[test]
    fn every_match_has_codes_version_licence_and_reasons(answers in any_answers()) {
        let analysis = Analysis::of(answers);
        prop_assert_eq!(analysis.matches.len(), OCCUPATIONS.len());
        prop_assert_eq!(order(&analysis.matches).into_iter().collect::<BTreeSet<_>>().len(), OCCUPATIONS.len());
        for found in analysis.matches.iter().take(30) {
            let told = CareerMatch::of(found, Language::Fr);
            prop_assert_eq!(told.data.version.as_str(), DATA_VERSION);
            prop_assert!(!told.data.licence.is_empty() && told.skills_required.len() >= 6);
            prop_assert_eq!(told.why.is_empty(), analysis.profile.is_flat());
            let [low, high] = told.match_interval;
            prop_assert!(low <= told.match_score && told.match_score <= high && high <= 100);
        }
    }

    // 10
    #[test]
    fn stored_answers_replay_to_the_same_bytes_under_their_version(answers in any_answers()) {
        let first = Analysis::of(answers);
        let again = Analysis::replay(questions::VERSION, ANALYSIS_VERSION, &answers.digits()).unwrap();
        for language in [Language::Fr, Language::En] {
            prop_assert_eq!(bytes(&first, language), bytes(&again, language));
        }
        prop_assert!(Analysis::replay(questions::VERSION, "aube-1999.01", &answers.digits()).is_none());
        prop_assert!(Analysis::replay("other", ANALYSIS_VERSION, &answers.digits()).is_none());
    }

    #[test]
    fn no_text_that_is_not_answers_is_taken_for_them(text in ".{0,60}") {
        prop_assert_eq!(Answers::of_digits(&text).map(|answers| answers.digits()), (text.len() == 50 && text.bytes().all(|b| (b'0'..=b'5').contains(&b))).then_some(text));
    }
}

/// Every number of a document, in order.
fn numbers(value: &Value) -> Vec<String> {
    match value {
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Object(fields) => fields.values().flat_map(numbers).collect(),
        _ => Vec::new(),
    }
}

// 2
#[test]
fn neutral_and_equal_answers_give_four_ties_and_no_ranking() {
    for answer in [0, 1, 3, 5] {
        for with_interests in [false, true] {
            let answers = Answers::each(|item| if with_interests || matches!(item.asks, Asks::Type(..)) { answer } else { 0 });
            let analysis = Analysis::of(answers);
            assert_eq!(four_letters(&analysis.profile), "XXXX", "{answer}");
            assert_eq!(analysis.profile.confidence, 0.0);
            assert!(analysis.profile.is_flat() && analysis.profile.interests.iter().all(|value| value.is_finite()));
            let result = analysis.result(uuid::Uuid::nil(), uuid::Uuid::nil(), chrono::DateTime::UNIX_EPOCH, Language::En);
            assert!(!result.ranking.claimed && result.career_matches.iter().all(|found| found.match_score == 50));
            let codes: BTreeSet<_> = result.career_matches.iter().map(|found| &found.occupation.onet_soc[..2]).collect();
            assert!(result.career_matches.len() == 6 && codes.len() >= 5, "varied: {codes:?}");
            assert_eq!(analysis.profile.answers_alike(), answer == 1 || answer == 5);
        }
    }
}

// 5
#[test]
fn random_clicks_have_little_confidence() {
    // A linear congruential generator (Knuth's MMIX), so that every run sees the same people.
    let mut state = 1_u64;
    let mut click = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1 + u8::try_from((state >> 33) % 5).unwrap()
    };
    let mut found: Vec<f64> = (0..2000).map(|_| Profile::of(&Answers::each(|_| click())).confidence).collect();
    found.sort_by(f64::total_cmp);
    let mean = found.iter().sum::<f64>() / 2000.0;
    assert!((0.14..0.18).contains(&mean), "{mean}");
    assert!((0.25..0.33).contains(&found[1900]), "{}", found[1900]);
    assert!(found[1999] < 0.5, "{}", found[1999]);
}

// 6
#[test]
fn an_occupations_resilience_is_100_less_the_median_of_two_measures_or_more() {
    for occupation in &OCCUPATIONS {
        let mut percentiles: Vec<u8> = occupation.measures().map(|(_, _, percentile)| percentile).collect();
        percentiles.sort_unstable();
        let count = percentiles.len();
        assert!(count >= 2, "{}", occupation.onet_soc);
        let median = (f64::from(percentiles[(count - 1) / 2]) + f64::from(percentiles[count / 2])) / 2.0;
        let [low, resilience, high] = occupation.resilience();
        // The table's median is of percentiles before they were rounded.
        assert!((f64::from(resilience) - (100.0 - median)).abs() <= 0.5, "{}", occupation.onet_soc);
        assert_eq!([low, high], [100 - percentiles[count - 1], 100 - percentiles[0]]);
        assert!(low <= resilience && resilience <= high);
        assert!(occupation.measures().all(|(measure, value, _)| !measure.licence.is_empty() && (0.0..=1.0).contains(&value)));
    }
}

// 7
#[test]
fn translators_are_more_exposed_than_nurses_and_those_than_carpenters() {
    let of = |code: &str| Occupation::of(code).unwrap().resilience();
    let ([.., translator], [nurse, .., nurse_high], [carpenter, ..]) = (of("27-3091.00"), of("29-1141.00"), of("47-2031.00"));
    assert!(translator < nurse && nurse_high < carpenter, "{translator} {nurse}–{nurse_high} {carpenter}");
    let text = crate::words::exposure(Occupation::of("47-2031.00").unwrap(), Language::En);
    assert!(
        text.starts_with("82 % of occupations are more exposed to generative AI than this one (range 73–90, 4 measures)."),
        "{text}"
    );
}

// 8
#[test]
fn ones_own_profile_is_100_and_its_contrary_0() {
    for occupation in &OCCUPATIONS {
        let own = occupation.interests.map(|value| f64::from(value) / 1000.0);
        assert_eq!(Match::of(&of_interests(own), occupation).score(), 100, "{}", occupation.onet_soc);
        assert_eq!(Match::of(&of_interests(own.map(|value| -value)), occupation).score(), 0, "{}", occupation.onet_soc);
        assert_eq!(rank(&of_interests(own))[0].score(), 100);
    }
    const { assert!(OF_TYPE_ALONE * OF_TYPE_ALONE < 0.125) };
}

// 9
#[test]
fn every_occupation_has_valid_codes() {
    assert_eq!(OCCUPATIONS.len(), 398);
    assert!(OCCUPATIONS.is_sorted_by_key(|occupation| occupation.onet_soc));
    let is_of = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, kind)| match kind {
                b'd' => byte.is_ascii_digit(),
                b'L' => (b'A'..=b'N').contains(&byte),
                other => byte == other,
            })
    };
    let mut without_rome = 0;
    for occupation in &OCCUPATIONS {
        assert!(is_of(occupation.onet_soc, "dd-dddd.dd"), "{}", occupation.onet_soc);
        assert!(
            (1000..=9999).contains(&occupation.isco08) || occupation.isco08 < 1000 && occupation.isco08 > 99,
            "{}",
            occupation.isco08
        );
        assert!(occupation.rome.is_empty() || is_of(occupation.rome, "Ldddd"), "{}", occupation.rome);
        without_rome += usize::from(occupation.rome.is_empty());
        assert!((1..=5).contains(&occupation.job_zone) && occupation.interests.iter().all(|value| *value <= 1000));
        assert!(Occupation::of(occupation.onet_soc).is_some() && is_code(occupation.onet_soc));
    }
    assert_eq!(without_rome, 12);
    assert!(Occupation::of("11-1011").is_none() && !is_code("11-1011"));
}

#[test]
fn a_scale_is_computed_as_it_is_written_down() {
    let mut answers = Answers::default();
    // Four of the eight items of E/I, coded 1, 0.5, 0 and 0.5.
    let items = ITEMS.iter().enumerate().filter(|(_, item)| item.category() == "EI").take(4);
    for ((place, item), coded) in items.zip([2_i8, 1, 0, 1]) {
        answers.put(place, u8::try_from(3 + item.key() * coded).unwrap());
    }
    let scale = Profile::of(&answers).scales[0];
    assert_eq!((scale.score, scale.answered, letter(&scale, 0)), (0.5, 4, Some("E")));
    let spread = (0.5_f64 * 0.5 * 2.0 / 4.0).sqrt();
    assert!((scale.consistency - (1.0 - spread)).abs() < 1e-12);
    assert!((scale.confidence - 0.5 * (1.0 - spread)).abs() < 1e-12);
}
