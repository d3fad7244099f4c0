//! From a profile to occupations: Pearson's correlation of the six interests of a person and of an occupation.
//!
//! A correlation of shapes, not a distance: it ignores whether somebody answers high or low as a habit (McCloy et al. 1999). The
//! score is `floor(50 + 50 λ ρ + ½)`, 0 to 100, its interval `± max(5, 25 (1 - λ))`, so that a type alone stays near the middle.

use std::cmp::Ordering;

use crate::occupations::{OCCUPATIONS, Occupation};
use crate::score::Profile;

/// How near an occupation is to a person.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    pub occupation: &'static Occupation,
    /// `λ ρ`, -1 to 1, by which matches are ordered.
    pub exact: f64,
    /// What each of R, I, A, S, E, C adds to `ρ`.
    pub terms: [f64; 6],
    /// Whether the person's interest in each lies above the mean of their six.
    pub above: [bool; 6],
    /// `λ`
    weight: f64,
}

impl Match {
    pub fn of(profile: &Profile, occupation: &'static Occupation) -> Match {
        let (person, their_size) = if profile.is_flat() { ([0.0; 6], 0.0) } else { centred(profile.interests) };
        let (job, its_size) = centred(occupation.interests.map(|value| f64::from(value) / 1000.0));
        let size = their_size * its_size;
        let terms = std::array::from_fn(|at| if size > 0.0 { person[at] * job[at] / size } else { 0.0 });
        let correlation = terms.iter().sum::<f64>().clamp(-1.0, 1.0);
        Match {
            occupation,
            exact: profile.weight * correlation,
            terms,
            above: person.map(|value| value > 0.0),
            weight: profile.weight,
        }
    }

    /// 0 to 100.
    pub fn score(&self) -> u8 {
        // Clamped, it fits.
        (50.0 + 50.0 * self.exact + 0.5).floor().clamp(0.0, 100.0) as u8
    }

    /// From where to where the score may lie, 0 to 100.
    pub fn interval(&self) -> [u8; 2] {
        let half = (25.0 * (1.0 - self.weight) + 0.5).floor().max(5.0) as u8;
        let score = self.score();
        [score.saturating_sub(half), score.saturating_add(half).min(100)]
    }

    /// The nearest first; by code where two are as near.
    pub fn order(&self, other: &Match) -> Ordering {
        other.exact.total_cmp(&self.exact).then_with(|| self.occupation.onet_soc.cmp(other.occupation.onet_soc))
    }
}

/// Every occupation, the nearest first. Where the profile is flat there is no order: first comes then, for each interest, the
/// occupation that it marks most, as examples, and all others by code.
pub fn rank(profile: &Profile) -> Vec<Match> {
    let mut matches: Vec<Match> = OCCUPATIONS.iter().map(|occupation| Match::of(profile, occupation)).collect();
    if profile.is_flat() {
        let examples = examples();
        let place = |found: &Match| examples.iter().position(|code| *code == found.occupation.onet_soc).unwrap_or(examples.len());
        matches.sort_by(|one, other| place(one).cmp(&place(other)).then_with(|| one.order(other)));
    } else {
        matches.sort_by(Match::order);
    }
    matches
}

/// For each interest the occupation that stands out most by it.
fn examples() -> [&'static str; 6] {
    std::array::from_fn(|letter| {
        let contrast = |occupation: &Occupation| {
            let others: u32 = occupation.interests.iter().map(|value| u32::from(*value)).sum();
            6 * i64::from(occupation.interests[letter]) - i64::from(others)
        };
        let most = OCCUPATIONS.iter().reduce(|best, next| if contrast(next) > contrast(best) { next } else { best });
        most.map_or("", |occupation| occupation.onet_soc)
    })
}

/// The values less their mean, and how long they are then.
fn centred(values: [f64; 6]) -> ([f64; 6], f64) {
    let mean = values.iter().sum::<f64>() / 6.0;
    let centred = values.map(|value| value - mean);
    (centred, centred.iter().map(|value| value * value).sum::<f64>().sqrt())
}
