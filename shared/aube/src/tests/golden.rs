//! Sixteen profiles and every occupation: a change of formula, item or fact is seen here, and is a new version.

use super::decided;
use crate::Analysis;
use crate::occupations::OCCUPATIONS;
use crate::result::{ANALYSIS_VERSION, four_letters};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/golden.txt");

/// A line for each of sixteen decided types: its letters, its interests in thousandths, the score of every occupation in the order
/// of their codes (two hexadecimal digits each), and the first five.
#[test]
fn sixteen_profiles_and_every_occupation_are_as_they_were() {
    let mut text = format!("{ANALYSIS_VERSION}\n");
    for kind in 0..16 {
        let analysis = Analysis::of(decided([8, 4, 2, 1].map(|bit| kind & bit == 0)));
        let interests = analysis.profile.interests.map(|value| format!("{:.0}", value * 1000.0)).join(" ");
        let mut scores: Vec<_> = analysis.matches.iter().map(|found| (found.occupation.onet_soc, found.score())).collect();
        let first: Vec<_> = scores.iter().take(5).map(|(code, _)| *code).collect();
        scores.sort_unstable();
        assert_eq!(scores.len(), OCCUPATIONS.len());
        let scores: String = scores.iter().map(|(_, score)| format!("{score:02x}")).collect();
        text += &format!("{}|{interests}|{scores}|{}\n", four_letters(&analysis.profile), first.join(" "));
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    if text != kept {
        std::fs::write([FILE, ".new"].concat(), &text).unwrap();
        panic!("golden.txt.new differs: name a new analysis version, then put it in the place of golden.txt");
    }
}
