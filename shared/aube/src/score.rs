//! From answers to a profile: four scales with strength and ties, confidence, style of answering, interests.
//!
//! With an answer `a` from 1 to 5 and the key `k` of its item: `s = k (a - 3) / 2`, a scale's `d` is the mean of its `s`, its
//! strength `|d|`, a tie where that is less than 0.15, and `c = (n / 8) (1 - sd(s)) min(1, |d| / 0.5)` says how complete,
//! consistent and decided it is (`sd` with the divisor `n`). The confidence is the mean of the four `c`, at most 0.95. The three
//! numbers are choices of ours.

use crate::questions::{Answers, Asks, OF_DIMENSION, OF_INTERESTS, OF_TYPE};

/// Below this strength there is no letter.
pub const TIE: f64 = 0.15;
/// From this strength on a scale is decided.
pub const DECIDED: f64 = 0.5;
const MOST_CONFIDENT: f64 = 0.95;
/// From here on many answers are alike.
const ALIKE: f64 = 0.6;
/// How much a person's type says of their interests at most: the largest product of two published correlations, .72 (McCrae &
/// Costa 1989) and .48 (Larson et al. 2002). Nobody has measured it directly.
pub const OF_TYPE_ALONE: f64 = 0.35;

/// What each preference (E, N, T, J where positive) says of each interest (R, I, A, S, E, C): products of published correlations,
/// and .10 and .05 of our own where only a direction is published (`data/personality_link.tsv`).
const LINK: [[f64; 4]; 6] = [
    [0.0, 0.0, 0.05, -0.05],
    [0.0, 0.20, 0.0, 0.0],
    [0.0, 0.35, 0.0, 0.0],
    [0.23, 0.0, -0.08, 0.0],
    [0.30, 0.0, 0.0, 0.0],
    [0.0, -0.10, 0.0, 0.10],
];

/// One of the four scales.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scale {
    /// -1 to 1; positive towards the first pole.
    pub score: f64,
    pub answered: usize,
    /// 1 less the spread of the answers, 0 to 1; 0 without answers.
    pub consistency: f64,
    /// 0 to 1.
    pub confidence: f64,
}

impl Scale {
    pub fn strength(&self) -> f64 {
        self.score.abs()
    }

    pub fn is_tie(&self) -> bool {
        self.strength() < TIE
    }
}

/// What a set of answers comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    pub scales: [Scale; 4],
    /// 0 to 0.95.
    pub confidence: f64,
    /// -1 to 1: how high or low the answers about preferences are, whatever they are about.
    pub style: f64,
    /// R, I, A, S, E, C; -1 to 1.
    pub interests: [f64; 6],
    /// The share of the items about interests that is answered.
    pub by_interests: f64,
    /// How much the interests are worth, 0 to 1: `λ`.
    pub weight: f64,
}

impl Profile {
    pub fn of(answers: &Answers) -> Profile {
        let mut by_scale = [[0.0; OF_DIMENSION]; 4];
        let mut answered = [0; 4];
        let (mut of_interest, mut asked) = ([0.0; 6], [0_u32; 6]);
        let mut uncoded = 0.0;
        for (item, answer) in answers.given() {
            let plain = (f64::from(answer) - 3.0) / 2.0;
            match item.asks {
                Asks::Type(scale, _) => {
                    by_scale[scale][answered[scale]] = f64::from(item.key()) * plain;
                    answered[scale] += 1;
                    uncoded += plain;
                }
                Asks::Interest(interest) => {
                    of_interest[interest] += plain;
                    asked[interest] += 1;
                }
            }
        }
        let scales = [0, 1, 2, 3].map(|scale| Scale::of(&by_scale[scale][..answered[scale]]));
        let (of_type, of_interests) = answers.counts();
        let by_interests = share(of_interests, OF_INTERESTS);
        let letter = |interest: usize| match asked[interest] {
            0 => 0.0,
            count => of_interest[interest] / f64::from(count),
        };
        let estimated = LINK.map(|row| (0..4).map(|scale| row[scale] * scales[scale].score).sum::<f64>());
        let interests = std::array::from_fn(|at| by_interests * letter(at) + (1.0 - by_interests) * estimated[at]);
        Profile {
            scales,
            confidence: (scales.iter().map(|scale| scale.confidence).sum::<f64>() / 4.0).min(MOST_CONFIDENT),
            style: if of_type == 0 { 0.0 } else { uncoded / of_type as f64 },
            interests,
            by_interests,
            weight: by_interests + OF_TYPE_ALONE * share(of_type, OF_TYPE) * (1.0 - by_interests),
        }
    }

    /// Many answers are alike, whatever was asked.
    pub fn answers_alike(&self) -> bool {
        self.style.abs() > ALIKE
    }

    /// Nothing sets one interest above another: then no occupation is nearer than another.
    pub fn is_flat(&self) -> bool {
        let (least, most) =
            self.interests.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), value| (a.min(*value), b.max(*value)));
        most - least < 1e-9 || self.weight < 1e-9
    }
}

impl Scale {
    fn of(coded: &[f64]) -> Scale {
        if coded.is_empty() {
            return Scale::default();
        }
        let count = coded.len() as f64;
        let score = coded.iter().sum::<f64>() / count;
        let spread = (coded.iter().map(|s| (s - score) * (s - score)).sum::<f64>() / count).sqrt().min(1.0);
        let consistency = 1.0 - spread;
        let confidence = share(coded.len(), OF_DIMENSION) * consistency * (score.abs() / DECIDED).min(1.0);
        Scale { score, answered: coded.len(), consistency, confidence }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
