use std::collections::{BTreeMap, BTreeSet};

use edge::Language;

use crate::questions::{Asks, DIMENSIONS, INTERESTS, ITEMS, OF_INTEREST, Side, place, steps};

#[test]
fn each_preference_has_four_items_for_either_pole_and_each_interest_three() {
    for (dimension, name) in DIMENSIONS.iter().enumerate() {
        for side in [Side::First, Side::Second] {
            assert_eq!(ITEMS.iter().filter(|item| item.asks == Asks::Type(dimension, side)).count(), 4, "{name}");
        }
    }
    for interest in 0..INTERESTS.len() {
        assert_eq!(ITEMS.iter().filter(|item| item.asks == Asks::Interest(interest)).count(), OF_INTEREST);
    }
}

#[test]
fn neighbours_are_never_of_one_category() {
    assert!(ITEMS.windows(2).all(|two| two[0].category() != two[1].category()));
}

#[test]
fn both_languages_have_the_same_ids_and_each_text_once() {
    let ids: BTreeSet<_> = ITEMS.iter().map(|item| item.id).collect();
    assert_eq!(ids.len(), ITEMS.len());
    assert!(ITEMS.iter().enumerate().all(|(at, item)| place(item.id) == Some(at)));
    for language in [Language::Fr, Language::En] {
        let texts: BTreeSet<_> = ITEMS.iter().map(|item| item.text(language)).collect();
        assert_eq!(texts.len(), ITEMS.len());
        assert_eq!(steps(language).iter().collect::<BTreeSet<_>>().len(), 5);
    }
    // A reversed item is reversed in both: the key hangs on the pole, which no language has a part in.
    let keys: BTreeMap<_, _> = ITEMS.iter().map(|item| (item.pole(), item.key())).collect();
    assert!(
        ["E", "N", "T", "J"].iter().all(|pole| keys[pole] == 1)
            && ["I", "F", "P"].iter().all(|pole| ITEMS.iter().any(|item| item.pole() == *pole && item.key() == -1))
    );
}

#[test]
fn every_item_is_short_and_says_neither_no_nor_always_nor_a_gender() {
    let banned: [&[&str]; 2] = [
        &["pas", "jamais", "toujours", "souvent", "rarement", "aucun", "aucune", "seul", "seule", "·"],
        &["not", "never", "always", "often", "rarely", "don't", "he", "she", "his", "her"],
    ];
    for item in &ITEMS {
        for (language, banned) in [Language::Fr, Language::En].into_iter().zip(banned) {
            let text = item.text(language);
            let words: Vec<String> = text.to_lowercase().split([' ', '.', ',', '\'']).map(str::to_owned).collect();
            assert!(text.split(' ').count() <= 12, "{text}");
            assert!(
                text.ends_with('.') && words.iter().all(|word| !banned.contains(&word.as_str()) && !word.contains('·')),
                "{text}"
            );
        }
    }
}
