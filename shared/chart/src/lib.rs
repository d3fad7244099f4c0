//! Pictures of numbers as one SVG without script or link: [`Bars`], [`HeatMap`], [`Radar`], [`Ranges`], with an [`Axis`] where they
//! need one.
//!
//! A picture is a [`Frame`] with what is drawn into it. Every picture is light, dark, or as the reader prefers; it has a title and
//! a description for those who hear it, in the caller's language; and every text is escaped, so that what people wrote is shown and
//! nothing more. Lengths are in pixels from the upper left corner.

mod axis;
mod bars;
mod heat;
mod radar;
mod ranges;
mod words;

use std::fmt::{Arguments, Display, Formatter, Result, Write};

pub use axis::Axis;
pub use bars::Bars;
use edge::{Escaped, Language, output};
pub use heat::{HeatMap, Tone};
pub use radar::Radar;
pub use ranges::{Range, Ranges};
pub use words::{colon, count, date, decimal, month, number};

/// The colours of a picture.
#[output(name = "PictureTheme")]
pub enum Theme {
    Light,
    Dark,
}

/// What a kind of mark looks like: in CSS, for both themes and for each. A picture names the ones that it draws with.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    both: &'static str,
    light: &'static str,
    dark: &'static str,
}

/// Ground and text. Every picture has it.
const GROUND: Style = Style {
    both: "text{font:11px system-ui,sans-serif}.strong{font-size:14px;font-weight:600}",
    light: "text{fill:#3c4a42}.strong{fill:#16211b}.ground{fill:#fff}",
    dark: "text{fill:#a9b8af}.strong{fill:#eef4f0}.ground{fill:#10151a}",
};

/// A picture before anything is drawn into it.
pub struct Frame<'a> {
    /// Begins the ids of title and description, so that several pictures may stand on one page: letters, digits and hyphens.
    pub id: &'a str,
    pub width: u32,
    pub height: u32,
    pub title: &'a str,
    /// What the picture shows, for those who hear it.
    pub description: &'a str,
    pub language: Language,
    /// Without one it follows what the reader prefers.
    pub theme: Option<Theme>,
    /// Those of the parts that are drawn.
    pub styles: &'a [Style],
}

impl Frame<'_> {
    /// The picture, with what `content` draws into it.
    pub fn draw(&self, content: impl FnOnce(&mut Canvas)) -> String {
        let Frame { id, width, height, .. } = self;
        let styles = || [GROUND].into_iter().chain(self.styles.iter().copied());
        let mut canvas = Canvas { out: String::with_capacity(48_000), language: self.language };
        canvas.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" lang=\"{}\"><title id=\"{id}-title\">{}</title>\
             <desc id=\"{id}-desc\">{}</desc><style>",
            self.language.code(),
            Escaped(self.title),
            Escaped(self.description),
        ));
        styles().for_each(|style| canvas.out.push_str(style.both));
        if !matches!(self.theme, Some(Theme::Dark)) {
            styles().for_each(|style| canvas.out.push_str(style.light));
        }
        match self.theme {
            Some(Theme::Light) => {}
            Some(Theme::Dark) => styles().for_each(|style| canvas.out.push_str(style.dark)),
            None => {
                canvas.out.push_str("@media(prefers-color-scheme:dark){");
                styles().for_each(|style| canvas.out.push_str(style.dark));
                canvas.out.push('}');
            }
        }
        canvas.out.push_str("</style><rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"8\"/>");
        content(&mut canvas);
        canvas.out.push_str("</svg>\n");
        canvas.out
    }
}

/// Which end of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Where parts draw.
pub struct Canvas {
    out: String,
    language: Language,
}

impl Canvas {
    pub fn language(&self) -> Language {
        self.language
    }

    /// A text on its base line.
    pub fn text(&mut self, x: impl Into<f64>, y: impl Into<f64>, anchor: Anchor, words: &str) {
        self.words("", x.into(), y.into(), anchor, words);
    }

    /// A text that stands out, such as a headline.
    pub fn strong(&mut self, x: impl Into<f64>, y: impl Into<f64>, words: &str) {
        self.words(" class=\"strong\"", x.into(), y.into(), Anchor::Start, words);
    }

    fn words(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        self.put(format_args!("<text{class} x=\"{}\" y=\"{}\"{anchor}>{}</text>", Length(x), Length(y), Escaped(words)));
    }

    /// A rectangle of a class, with what a pointer that rests on it is told.
    fn rectangle(&mut self, class: Arguments<'_>, [x, y, width, height]: [f64; 4], radius: u32, tip: Option<&str>) {
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{radius}\"",
            Length(x),
            Length(y),
            Length(width),
            Length(height),
        ));
        match tip {
            Some(tip) => self.put(format_args!("><title>{}</title></rect>", Escaped(tip))),
            None => self.out.push_str("/>"),
        }
    }

    fn put(&mut self, text: Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(text);
    }
}

/// A length to the tenth of a pixel, without a zero behind the point; what is no number is 0.
struct Length(f64);

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        // A number that is no number becomes 0, one that is too large the largest.
        let tenths = (self.0 * 10.0).round() as i64;
        let sign = if tenths < 0 { "-" } else { "" };
        write!(f, "{sign}{}", tenths.unsigned_abs() / 10)?;
        match tenths.unsigned_abs() % 10 {
            0 => Ok(()),
            tenth => write!(f, ".{tenth}"),
        }
    }
}

#[cfg(test)]
mod tests;
