use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::Signal;

/// Kind and phrase, normalised as [`normal`] does. An `idiom` takes its own words away and nothing else: what else a message says
/// is still looked at.
const PHRASES: &str = include_str!("phrases.tsv");

/// Turns that are read as one text: somebody may send a sentence in pieces.
const JOINED: usize = 3;

/// What turns tell of, oldest first; the gravest where they tell of several things. Each turn is looked at, and the last ones
/// together.
pub fn look(turns: &[&str]) -> Option<Signal> {
    let last = turns[turns.len().saturating_sub(JOINED)..].join(" ");
    turns.iter().copied().chain([last.as_str()]).filter_map(signal).max()
}

fn signal(text: &str) -> Option<Signal> {
    let mut text = normal(text);
    for idiom in of("idiom") {
        let idiom = [" ", idiom, " "].concat();
        while let Some(at) = text.find(&idiom) {
            text.replace_range(at..at + idiom.len(), " _ ");
        }
    }
    let tells = |kind: &str| of(kind).any(|phrase| text.contains(&[" ", phrase, " "].concat()));
    let kinds = [
        ("danger", Signal::Danger),
        ("self", Signal::Oneself),
        ("abuse", Signal::Abuse),
        ("helper", Signal::Helper),
        ("possible", Signal::Possible),
    ];
    kinds.into_iter().find(|(kind, _)| tells(kind)).map(|(_, signal)| signal)
}

fn of(kind: &str) -> impl Iterator<Item = &'static str> {
    PHRASES.lines().filter_map(move |line| line.split_once('\t').filter(|(known, _)| *known == kind).map(|(_, phrase)| phrase))
}

/// Words in lower case without accents or invisible characters, one blank around each; whatever is neither letter nor digit parts
/// words, and a letter that is drawn out (`dieee`) stands once.
pub(crate) fn normal(text: &str) -> String {
    let mut plain = " ".to_owned();
    let mut run: Vec<char> = Vec::new();
    let settle = |run: &mut Vec<char>, plain: &mut String| {
        let times = if run.len() > 2 { 1 } else { run.len() };
        plain.extend(run.drain(..).take(times));
    };
    let invisible = |c: &char| is_combining_mark(*c) || edge::validation::is_invisible(*c);
    for c in text.nfkd().filter(|c| !invisible(c)).flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            if run.last().is_some_and(|last| *last != c) {
                settle(&mut run, &mut plain);
            }
            run.push(c);
        } else {
            settle(&mut run, &mut plain);
            if !plain.ends_with(' ') {
                plain.push(' ');
            }
        }
    }
    settle(&mut run, &mut plain);
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain
}
