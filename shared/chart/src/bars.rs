use crate::{Anchor, Canvas, Style};

/// Upright bars, one per column, with the highest value and 0 written at their left.
pub struct Bars {
    pub left: u32,
    pub top: u32,
    pub height: u32,
    /// From one column to the next, and how wide a bar is.
    pub pitch: u32,
    pub width: u32,
    pub columns: u32,
    /// The value of a bar as high as all of them; nothing is drawn where it is not above 0.
    pub most: i64,
}

impl Bars {
    pub const STYLE: Style = Style { both: "", light: ".bar{fill:#4878ad}", dark: ".bar{fill:#6ba3dc}" };
    /// Of the line below them.
    pub const BASE: Style = Style { both: "", light: ".base{stroke:#c3ccc6}", dark: ".base{stroke:#3a464e}" };

    fn base(&self) -> u32 {
        self.top + self.height
    }

    /// What is measured, above the bars, and what the highest and the lowest are.
    pub fn scale(&self, canvas: &mut Canvas, measure: &str, most: &str) {
        canvas.text(self.left, self.top - 8, Anchor::Start, measure);
        if self.most > 0 {
            canvas.text(self.left - 8, self.top + 9, Anchor::End, most);
        }
        canvas.text(self.left - 8, self.base(), Anchor::End, "0");
    }

    /// One bar. A value above 0 is seen, however small it is.
    pub fn bar(&self, canvas: &mut Canvas, column: u32, value: i64, tip: &str) {
        if value > 0 && self.most > 0 {
            let tall = i128::from(self.height) * i128::from(value.min(self.most)) / i128::from(self.most);
            let tall = u32::try_from(tall).unwrap_or(self.height).max(2);
            let place = [self.left + column * self.pitch, self.base() - tall, self.width, tall].map(f64::from);
            canvas.rectangle(format_args!("bar"), place, 1, Some(tip));
        }
    }

    /// The line on which they stand.
    pub fn line(&self, canvas: &mut Canvas) {
        let right = self.left + self.columns * self.pitch - (self.pitch - self.width);
        canvas.put(format_args!("<path class=\"base\" d=\"M{} {}.5H{right}\"/>", self.left, self.base()));
    }
}
