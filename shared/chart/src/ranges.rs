use crate::words::{colon, decimal};
use crate::{Anchor, Axis, Canvas, Length, Style};

const PITCH: u32 = 26;
const BAND: u32 = 12;

/// From where to where something lies, and where in it somebody is.
#[derive(Clone, Copy, Debug)]
pub struct Range<'a> {
    pub name: &'a str,
    pub low: f64,
    pub high: f64,
    pub mark: Option<f64>,
}

/// Bands on one scale, one row each, with the scale below them.
pub struct Ranges<'a> {
    /// Where the scale begins; the names stand left of it.
    pub left: u32,
    pub top: u32,
    /// Of the scale.
    pub width: u32,
    pub axis: Axis,
    /// What the numbers are of, such as `bpm`; empty for none.
    pub unit: &'a str,
    /// Of the numbers that are told when a pointer rests on a band.
    pub places: u32,
}

impl Ranges<'_> {
    pub const STYLE: Style = Style {
        both: ".band{fill-opacity:.75}.mark{stroke-width:3}.rule{stroke-width:1}",
        light: ".band{fill:#7fb8d8}.mark{stroke:#16211b}.rule{stroke:#e0e6e2}",
        dark: ".band{fill:#35719b}.mark{stroke:#eef4f0}.rule{stroke:#2a343c}",
    };

    /// How high so many rows are with their scale.
    pub fn height(rows: u32) -> u32 {
        rows * PITCH + 20
    }

    pub fn draw(&self, canvas: &mut Canvas, rows: &[Range<'_>]) {
        let language = canvas.language();
        let bottom = self.top + u32::try_from(rows.len()).unwrap_or_default() * PITCH;
        for (place, number) in self.axis.ticks(language) {
            let x = self.x(place);
            canvas.put(format_args!("<path class=\"rule\" d=\"M{0} {1}V{bottom}\"/>", Length(x), self.top));
            canvas.text(x, bottom + 16, Anchor::Middle, &number);
        }
        for (row, range) in (0..).zip(rows) {
            let middle = self.top + row * PITCH + PITCH / 2;
            canvas.text(self.left - 8, middle + 4, Anchor::End, range.name);
            let (low, high) = (self.x(self.axis.place(range.low)), self.x(self.axis.place(range.high)));
            // However narrow a band is, it is seen.
            let place = [low.min(high), f64::from(middle - BAND / 2), (high - low).abs().max(2.0), f64::from(BAND)];
            canvas.rectangle(format_args!("band"), place, 3, Some(&self.words(range, language)));
            if let Some(mark) = range.mark {
                let x = Length(self.x(self.axis.place(mark)));
                canvas.put(format_args!("<path class=\"mark\" d=\"M{x} {}V{}\"/>", middle - BAND, middle + BAND));
            }
        }
    }

    /// A range in words, for the description of the picture too.
    pub fn words(&self, range: &Range<'_>, language: edge::Language) -> String {
        let number = |value: f64| decimal(value, self.places, language);
        let mut text = [range.name, colon(language), " ", &number(range.low), "–", &number(range.high)].concat();
        if !self.unit.is_empty() {
            text.push('\u{a0}');
            text.push_str(self.unit);
        }
        if let Some(mark) = range.mark {
            text.push_str(&[" (", &number(mark), ")"].concat());
        }
        text
    }

    fn x(&self, place: f64) -> f64 {
        f64::from(self.left) + f64::from(self.width) * place
    }
}
