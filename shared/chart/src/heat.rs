use crate::{Anchor, Canvas, Style};

/// Cells in columns and rows, each as deep in colour as its number is high, as a calendar has them.
pub struct HeatMap {
    pub left: u32,
    pub top: u32,
    /// From one cell to the next, and how wide a cell is.
    pub pitch: u32,
    pub cell: u32,
}

/// The colour of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// 0 to 4; more is 4.
    Level(u32),
    /// Set apart from all levels.
    Off,
}

impl Tone {
    const LEVELS: [Tone; 5] = [Tone::Level(0), Tone::Level(1), Tone::Level(2), Tone::Level(3), Tone::Level(4)];

    fn class(self) -> &'static str {
        match self {
            Tone::Level(0) => "l0",
            Tone::Level(1) => "l1",
            Tone::Level(2) => "l2",
            Tone::Level(3) => "l3",
            Tone::Level(_) => "l4",
            Tone::Off => "off",
        }
    }
}

impl HeatMap {
    pub const STYLE: Style = Style {
        both: "",
        light: ".l0{fill:#e8ede9}.l1{fill:#9bd3a4}.l2{fill:#58ad6e}.l3{fill:#2b8350}.l4{fill:#115a34}",
        dark: ".l0{fill:#262f36}.l1{fill:#1f5a37}.l2{fill:#2f8350}.l3{fill:#4db46f}.l4{fill:#93e6a6}",
    };
    /// Of cells that are set apart, and of the one that is now.
    pub const MARKED: Style = Style {
        both: ".off,.now{stroke-width:1}.now{stroke-width:1.5}",
        light: ".off{fill:#eaf2fa;stroke:#7fa9d3}.now{stroke:#16211b}",
        dark: ".off{fill:#15283a;stroke:#4f86bb}.now{stroke:#eef4f0}",
    };

    pub fn row_name(&self, canvas: &mut Canvas, row: u32, name: &str) {
        canvas.text(self.left - 8, self.top + row * self.pitch + self.cell - 1, Anchor::End, name);
    }

    pub fn column_name(&self, canvas: &mut Canvas, column: u32, name: &str) {
        canvas.text(self.left + column * self.pitch, self.top - 8, Anchor::Start, name);
    }

    pub fn cell(&self, canvas: &mut Canvas, column: u32, row: u32, tone: Tone, is_now: bool, tip: Option<&str>) {
        let now = if is_now { " now" } else { "" };
        let (x, y) = (self.left + column * self.pitch, self.top + row * self.pitch);
        canvas.rectangle(format_args!("{}{now}", tone.class()), [x, y, self.cell, self.cell].map(f64::from), 2, tip);
    }

    /// What the colours mean, at the height `y`: what is counted, its least and its most, and what is set apart. `indent` leaves
    /// room for the first of them.
    pub fn legend(&self, canvas: &mut Canvas, y: u32, indent: u32, [measure, least, most, off]: [&str; 4]) {
        let base = y + self.cell - 1;
        canvas.text(self.left, base, Anchor::Start, measure);
        let mut x = self.left + indent;
        canvas.text(x, base, Anchor::Start, least);
        x += 12;
        for tone in Tone::LEVELS {
            self.sample(canvas, x, y, tone);
            x += self.pitch;
        }
        canvas.text(x + 2, base, Anchor::Start, most);
        self.sample(canvas, x + 84, y, Tone::Off);
        canvas.text(x + 84 + self.pitch + 2, base, Anchor::Start, off);
    }

    fn sample(&self, canvas: &mut Canvas, x: u32, y: u32, tone: Tone) {
        canvas.rectangle(format_args!("{}", tone.class()), [x, y, self.cell, self.cell].map(f64::from), 2, None);
    }
}
