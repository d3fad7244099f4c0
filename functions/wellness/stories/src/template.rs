//! A story of our own sentences: the same for the same words and number, another one for another number.

use edge::output;

use crate::words::{STYLES, THEMES, TONES};

/// By which words a story is asked for.
#[output]
pub struct Asked {
    pub theme: String,
    pub tone: String,
    pub pov: String,
    pub style: String,
    pub paragraphs: usize,
}

/// A text.
pub struct Text {
    pub title: String,
    pub paragraphs: Vec<String>,
}

/// Writes the `number`th story of these words, from 1: an opening, what happens, an ending; the tone speaks in every other paragraph
/// and the style in those between. No sentence comes twice. None where a word is none of ours.
pub fn write(asked: &Asked, number: usize) -> Option<Text> {
    let theme = THEMES.iter().find(|theme| theme.word == asked.theme)?;
    let (_, tone) = TONES.iter().find(|(word, _)| *word == asked.tone)?;
    let (_, style) = STYLES.iter().find(|(word, _)| *word == asked.style)?;
    let view = ["je", "il", "elle", "nous"].iter().position(|view| *view == asked.pov)?;
    let last = asked.paragraphs.checked_sub(1)?;
    let paragraph = |at: usize| {
        let first = match at {
            0 => turned(&theme.openings, number),
            at if at == last => turned(&theme.endings, number),
            at => turned(&theme.middles, number + at),
        };
        let beside = turned(if at.is_multiple_of(2) { tone } else { style }, number + at / 2);
        seen(&[first, " ", beside].concat(), view)
    };
    Some(Text { title: turned(&theme.titles, number).to_owned(), paragraphs: (0..=last).map(paragraph).collect() })
}

fn turned<'a>(sentences: &[&'a str], by: usize) -> &'a str {
    sentences[by % sentences.len()]
}

/// A sentence from one of the four views.
fn seen(sentence: &str, view: usize) -> String {
    let mut text = String::new();
    let mut rest = sentence;
    while let Some((before, (words, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        text.push_str(before);
        text.push_str(words.split('|').nth(view).unwrap_or_default());
        rest = after;
    }
    text.push_str(rest);
    text
}
