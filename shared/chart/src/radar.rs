use std::f64::consts::TAU;

use edge::{Escaped, Language};

use crate::words::{colon, decimal};
use crate::{Anchor, Canvas, Length, Style};

/// Rings, as many as a reader can count.
const RINGS: u32 = 4;

/// A web with one spoke per name, six of them a hexagon; the first points up, the others follow clockwise. Values are shares, 0 in
/// the centre and 1 at the rim.
pub struct Radar<'a> {
    pub centre: (u32, u32),
    pub radius: u32,
    /// At least three.
    pub spokes: &'a [&'a str],
}

impl Radar<'_> {
    pub const STYLE: Style = Style {
        both: ".web,.first,.second{stroke-width:1;stroke-linejoin:round}.web{fill:none}.first,.second{stroke-width:2}\
            .first,.second{fill-opacity:.22}.second{stroke-dasharray:5 3}",
        light: ".web{stroke:#c3ccc6}.first{fill:#2b8350;stroke:#2b8350}.second{fill:#4878ad;stroke:#4878ad}",
        dark: ".web{stroke:#3a464e}.first{fill:#4db46f;stroke:#4db46f}.second{fill:#6ba3dc;stroke:#6ba3dc}",
    };

    /// Rings, spokes and their names.
    pub fn web(&self, canvas: &mut Canvas) {
        for ring in 1..=RINGS {
            let rim = f64::from(ring) / f64::from(RINGS);
            self.polygon(canvas, "web", |_| rim, None);
        }
        let (x, y) = self.centre;
        canvas.put(format_args!("<path class=\"web\" d=\""));
        for spoke in 0..self.spokes.len() {
            let (to_x, to_y) = self.point(spoke, 1.0);
            canvas.put(format_args!("M{x} {y}L{} {}", Length(to_x), Length(to_y)));
        }
        canvas.put(format_args!("\"/>"));
        for (spoke, name) in self.spokes.iter().enumerate() {
            let (dx, dy) = self.direction(spoke);
            let beyond = f64::from(self.radius) + 10.0;
            let anchor = match dx {
                ..-0.1 => Anchor::End,
                0.1.. => Anchor::Start,
                _ => Anchor::Middle,
            };
            // A text hangs above its base line: what stands below the web is let down by its height.
            let y = f64::from(y) + dy * beyond + 4.0 * (1.0 + dy);
            canvas.text(f64::from(x) + dx * beyond, y, anchor, name);
        }
    }

    /// The first shape, filled.
    pub fn first(&self, canvas: &mut Canvas, values: &[f64], tip: &str) {
        self.polygon(canvas, "first", |spoke| share(values, spoke), Some(tip));
    }

    /// Another one to compare it with, dashed, so that the two differ without colours too.
    pub fn second(&self, canvas: &mut Canvas, values: &[f64], tip: &str) {
        self.polygon(canvas, "second", |spoke| share(values, spoke), Some(tip));
    }

    /// The values in words, whole percents of each, for the description of the picture.
    pub fn words(&self, values: &[f64], language: Language) -> String {
        let each = self.spokes.iter().enumerate().map(|(spoke, name)| {
            let percent = decimal(share(values, spoke) * 100.0, 0, language);
            let unit = if language == Language::Fr { "\u{a0}%" } else { "%" };
            [name, colon(language), " ", &percent, unit].concat()
        });
        each.collect::<Vec<_>>().join(", ")
    }

    fn polygon(&self, canvas: &mut Canvas, class: &str, value: impl Fn(usize) -> f64, tip: Option<&str>) {
        canvas.put(format_args!("<path class=\"{class}\" d=\""));
        for spoke in 0..self.spokes.len() {
            let (x, y) = self.point(spoke, value(spoke));
            canvas.put(format_args!("{}{} {}", if spoke == 0 { "M" } else { "L" }, Length(x), Length(y)));
        }
        match tip {
            Some(tip) => canvas.put(format_args!("Z\"><title>{}</title></path>", Escaped(tip))),
            None => canvas.put(format_args!("Z\"/>")),
        }
    }

    fn direction(&self, spoke: usize) -> (f64, f64) {
        let turn = TAU * spoke as f64 / self.spokes.len() as f64;
        (turn.sin(), -turn.cos())
    }

    fn point(&self, spoke: usize, value: f64) -> (f64, f64) {
        let ((x, y), (dx, dy)) = (self.centre, self.direction(spoke));
        let along = f64::from(self.radius) * value;
        (f64::from(x) + dx * along, f64::from(y) + dy * along)
    }
}

/// What is missing or no number is 0.
fn share(values: &[f64], spoke: usize) -> f64 {
    values.get(spoke).copied().filter(|value| !value.is_nan()).unwrap_or(0.0).clamp(0.0, 1.0)
}
