mod golden;
mod properties;
mod questions;
mod words;

use edge::Language;
use proptest::prelude::*;
use uuid::Uuid;

use crate::questions::{Asks, OF_INTERESTS, OF_TYPE, Side};
use crate::{Analysis, Answers};

/// Any set of answers, with gaps.
fn any_answers() -> impl Strategy<Value = Answers> {
    prop::array::uniform32(0_u8..=5).prop_flat_map(|of_type| {
        prop::collection::vec(0_u8..=5, OF_INTERESTS).prop_map(move |of_interests| {
            let mut given = of_type.into_iter().chain(of_interests);
            Answers::each(|_| given.next().unwrap_or(0))
        })
    })
}

/// Answers about preferences only, none left out.
fn whole_type() -> impl Strategy<Value = Answers> {
    prop::array::uniform32(1_u8..=5).prop_map(|given| {
        let mut at = given.into_iter().take(OF_TYPE);
        Answers::each(|item| if matches!(item.asks, Asks::Type(..)) { at.next().unwrap_or(0) } else { 0 })
    })
}

/// Somebody who agrees wholly with one pole of each preference, `E`, `N`, `T`, `J` where true, and not at all with the other.
fn decided(first: [bool; 4]) -> Answers {
    Answers::each(|item| match item.asks {
        Asks::Type(dimension, side) => {
            if first[dimension] == (side == Side::First) {
                5
            } else {
                1
            }
        }
        Asks::Interest(_) => 0,
    })
}

/// Every answer turned: 1 for 5, and so on.
fn mirrored(answers: &Answers) -> Answers {
    let digits: String =
        answers.digits().bytes().map(|digit| if digit == b'0' { '0' } else { char::from(b'0' + 6 - (digit - b'0')) }).collect();
    Answers::of_digits(&digits).unwrap()
}

/// The result as bytes, in a language.
fn bytes(analysis: &Analysis, language: Language) -> Vec<u8> {
    serde_json::to_vec(&analysis.result(Uuid::nil(), Uuid::nil(), chrono::DateTime::UNIX_EPOCH, language)).unwrap()
}
