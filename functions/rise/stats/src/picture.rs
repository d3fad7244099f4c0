//! The picture: a calendar of kaizens above bars of zazen, one column per week, as one SVG without script or link.

use std::collections::HashMap;
use std::fmt::Write;

use chrono::{Datelike, Days, NaiveDate};
use edge::{Language, Message, msg};

use crate::{Day, Theme, UserStats};

/// The weeks that it shows: a year, whatever its weekday.
pub const WEEKS: u32 = 53;

const LEFT: u32 = 48;
const TOP: u32 = 64;
const PITCH: u32 = 14;
const CELL: u32 = 11;
const BARS_TOP: u32 = TOP + 7 * PITCH + 52;
const BAR_HEIGHT: u32 = 56;
const WIDTH: u32 = LEFT + WEEKS * PITCH + 16;
const HEIGHT: u32 = BARS_TOP + BAR_HEIGHT + 24;

const LIGHT: &str = "text{fill:#3c4a42}.strong{fill:#16211b}.ground{fill:#fff}.l0{fill:#e8ede9}.l1{fill:#9bd3a4}.l2{fill:#58ad6e}\
    .l3{fill:#2b8350}.l4{fill:#115a34}.bar{fill:#4878ad}.base{stroke:#c3ccc6}.off{fill:#eaf2fa;stroke:#7fa9d3}\
    .now{stroke:#16211b}";
const DARK: &str = "text{fill:#a9b8af}.strong{fill:#eef4f0}.ground{fill:#10151a}.l0{fill:#262f36}.l1{fill:#1f5a37}.l2{fill:#2f8350}\
    .l3{fill:#4db46f}.l4{fill:#93e6a6}.bar{fill:#6ba3dc}.base{stroke:#3a464e}.off{fill:#15283a;stroke:#4f86bb}\
    .now{stroke:#eef4f0}";

const TITLE: Message = msg!("", fr: "Une année de Rise", en: "A year of Rise");
const KAIZENS: Message = msg!("", fr: "Kaizens faits par jour", en: "Kaizens done per day");
const ZAZEN: Message = msg!("", fr: "Minutes de zazen par semaine", en: "Minutes of zazen per week");
const FEWER: Message = msg!("", fr: "0", en: "0");
const MORE: Message = msg!("", fr: "4 et plus", en: "4 and more");
const EXCUSED: Message = msg!("", fr: "gel ou pause", en: "frozen or skipped");
const MONTHS: [Message; 12] = [
    msg!("", fr: "janv.", en: "Jan"),
    msg!("", fr: "févr.", en: "Feb"),
    msg!("", fr: "mars", en: "Mar"),
    msg!("", fr: "avr.", en: "Apr"),
    msg!("", fr: "mai", en: "May"),
    msg!("", fr: "juin", en: "Jun"),
    msg!("", fr: "juil.", en: "Jul"),
    msg!("", fr: "août", en: "Aug"),
    msg!("", fr: "sept.", en: "Sep"),
    msg!("", fr: "oct.", en: "Oct"),
    msg!("", fr: "nov.", en: "Nov"),
    msg!("", fr: "déc.", en: "Dec"),
];
/// Of the rows that have a name: Monday, Wednesday, Friday, Sunday.
const WEEKDAYS: [(u32, Message); 4] = [
    (0, msg!("", fr: "lun.", en: "Mon")),
    (2, msg!("", fr: "mer.", en: "Wed")),
    (4, msg!("", fr: "ven.", en: "Fri")),
    (6, msg!("", fr: "dim.", en: "Sun")),
];

/// Draws the year that ends on the day of `stats`.
pub fn draw(stats: &UserStats, days: &[Day], theme: Option<Theme>, language: Language) -> String {
    let mut text = String::with_capacity(48_000);
    // Writing to a string cannot fail.
    let _ = Picture { stats, days, language }.write(&mut text, theme);
    text
}

struct Picture<'a> {
    stats: &'a UserStats,
    days: &'a [Day],
    language: Language,
}

impl Picture<'_> {
    fn write(&self, out: &mut String, theme: Option<Theme>) -> std::fmt::Result {
        let title = TITLE.text(self.language);
        write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             role=\"img\" aria-labelledby=\"rise-title rise-desc\" lang=\"{}\"><title id=\"rise-title\">{title}</title>\
             <desc id=\"rise-desc\">{}</desc><style>text{{font:11px system-ui,sans-serif}}.strong{{font-size:14px;font-weight:600}}\
             .off,.now{{stroke-width:1}}.now{{stroke-width:1.5}}{}</style><rect class=\"ground\" width=\"100%\" height=\"100%\" rx=\"8\"/>",
            self.language.code(),
            self.summary(),
            match theme {
                Some(Theme::Light) => LIGHT.to_owned(),
                Some(Theme::Dark) => DARK.to_owned(),
                None => [LIGHT, "@media(prefers-color-scheme:dark){", DARK, "}"].concat(),
            },
        )?;
        write!(out, "<text class=\"strong\" x=\"{LEFT}\" y=\"26\">{}</text>", self.headline())?;
        self.calendar(out)?;
        self.legend(out)?;
        self.bars(out)?;
        out.write_str("</svg>\n")
    }

    fn first(&self) -> NaiveDate {
        let monday = self.stats.today - Days::new(u64::from(self.stats.today.weekday().num_days_from_monday()));
        monday - Days::new(7 * u64::from(WEEKS - 1))
    }

    fn calendar(&self, out: &mut String) -> std::fmt::Result {
        let by_day: HashMap<NaiveDate, &Day> = self.days.iter().map(|day| (day.day, day)).collect();
        for (row, name) in WEEKDAYS {
            let y = TOP + row * PITCH + CELL - 1;
            write!(out, "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{}</text>", LEFT - 8, name.text(self.language))?;
        }
        let mut labelled = None;
        for (at, day) in self.first().iter_days().take_while(|day| *day <= self.stats.today).enumerate() {
            let (column, row) = (u32::try_from(at / 7).unwrap_or_default(), day.weekday().num_days_from_monday());
            let (x, y) = (LEFT + column * PITCH, TOP + row * PITCH);
            // A month is named above its first whole week, unless no room is left for it.
            if row == 0 && day.day() <= 7 && column + 1 < WEEKS && labelled != Some(day.month()) {
                labelled = Some(day.month());
                write!(out, "<text x=\"{x}\" y=\"{}\">{}</text>", TOP - 8, self.month(day))?;
            }
            let found = by_day.get(&day);
            let class = match found {
                Some(day) if day.excused => "off",
                Some(day) => LEVELS[usize::try_from(day.completed.clamp(0, 4)).unwrap_or_default()],
                None => LEVELS[0],
            };
            let now = if day == self.stats.today { " now" } else { "" };
            write!(out, "<rect class=\"{class}{now}\" x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" rx=\"2\"")?;
            match found {
                Some(found) => write!(out, "><title>{}</title></rect>", self.tip(found))?,
                None => out.write_str("/>")?,
            }
        }
        Ok(())
    }

    fn legend(&self, out: &mut String) -> std::fmt::Result {
        let y = TOP + 7 * PITCH + 12;
        let text = |out: &mut String, x: u32, words: &str| write!(out, "<text x=\"{x}\" y=\"{}\">{words}</text>", y + CELL - 1);
        let cell = |out: &mut String, x: u32, class: &str| {
            write!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" rx=\"2\"/>")
        };
        text(out, LEFT, KAIZENS.text(self.language))?;
        let mut x = LEFT + 150;
        text(out, x, FEWER.text(self.language))?;
        x += 12;
        for class in LEVELS {
            cell(out, x, class)?;
            x += PITCH;
        }
        text(out, x + 2, MORE.text(self.language))?;
        cell(out, x + 84, "off")?;
        text(out, x + 84 + PITCH + 2, EXCUSED.text(self.language))
    }

    fn bars(&self, out: &mut String) -> std::fmt::Result {
        let mut weeks = [0; WEEKS as usize];
        for day in self.days {
            let place = usize::try_from((day.day - self.first()).num_days() / 7).ok();
            if let Some(seconds) = place.and_then(|place| weeks.get_mut(place)) {
                *seconds += day.seconds;
            }
        }
        let most = weeks.iter().copied().max().unwrap_or(0);
        let base = BARS_TOP + BAR_HEIGHT;
        write!(out, "<text x=\"{LEFT}\" y=\"{}\">{}</text>", BARS_TOP - 8, ZAZEN.text(self.language))?;
        if most > 0 {
            let x = LEFT - 8;
            write!(out, "<text x=\"{x}\" y=\"{}\" text-anchor=\"end\">{}</text>", BARS_TOP + 9, self.minutes(most))?;
        }
        write!(out, "<text x=\"{}\" y=\"{base}\" text-anchor=\"end\">0</text>", LEFT - 8)?;
        for (column, seconds) in (0..).zip(weeks) {
            if seconds > 0 {
                // A week with a session is seen, however short it was.
                let tall = u32::try_from(i64::from(BAR_HEIGHT) * seconds / most).unwrap_or_default().max(2);
                write!(
                    out,
                    "<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{CELL}\" height=\"{tall}\" rx=\"1\"><title>{}{} {} min</title></rect>",
                    LEFT + column * PITCH,
                    base - tall,
                    self.date(self.first() + Days::new(7 * u64::from(column))),
                    self.colon(),
                    self.minutes(seconds),
                )?;
            }
        }
        let right = LEFT + WEEKS * PITCH - (PITCH - CELL);
        write!(out, "<path class=\"base\" d=\"M{LEFT} {base}.5H{right}\"/>")
    }

    fn headline(&self) -> String {
        let stats = self.stats;
        match self.language {
            Language::Fr => format!(
                "Série : {} · Record : {} · {} · {} de zazen",
                count(stats.alive_streak.into(), "jour", "jours", self),
                count(stats.best_streak.into(), "jour", "jours", self),
                count(stats.completed_kaizens, "kaizen fait", "kaizens faits", self),
                self.hours(stats.total_zazen_seconds),
            ),
            Language::En => format!(
                "Streak: {} · Best: {} · {} done · {} of zazen",
                count(stats.alive_streak.into(), "day", "days", self),
                count(stats.best_streak.into(), "day", "days", self),
                count(stats.completed_kaizens, "kaizen", "kaizens", self),
                self.hours(stats.total_zazen_seconds),
            ),
        }
    }

    /// What the picture shows, for those who hear it.
    fn summary(&self) -> String {
        let kaizens: i64 = self.days.iter().map(|day| day.completed).sum();
        let days = self.days.iter().filter(|day| day.completed > 0).count();
        let days = i64::try_from(days).unwrap_or_default();
        let seconds = self.days.iter().map(|day| day.seconds).sum::<i64>();
        let (from, to) = (self.date(self.first()), self.date(self.stats.today));
        match self.language {
            Language::Fr => format!(
                "Du {from} au {to} : {} sur {}, {} de zazen. {}.",
                count(kaizens, "kaizen fait", "kaizens faits", self),
                count(days, "jour", "jours", self),
                self.hours(seconds),
                self.headline(),
            ),
            Language::En => format!(
                "From {from} to {to}: {} done on {}, {} of zazen. {}.",
                count(kaizens, "kaizen", "kaizens", self),
                count(days, "day", "days", self),
                self.hours(seconds),
                self.headline(),
            ),
        }
    }

    fn tip(&self, day: &Day) -> String {
        let mut parts = Vec::new();
        if day.completed > 0 {
            parts.push(count(day.completed, "kaizen", "kaizens", self));
        }
        if day.seconds > 0 {
            parts.push(format!("{} min", self.minutes(day.seconds)));
        }
        if day.excused {
            parts.push(EXCUSED.text(self.language).to_owned());
        }
        format!("{}{} {}", self.date(day.day), self.colon(), parts.join(", "))
    }

    fn colon(&self) -> &'static str {
        if self.language == Language::Fr { "\u{a0}:" } else { ":" }
    }

    fn month(&self, day: NaiveDate) -> &'static str {
        MONTHS[usize::try_from(day.month0()).unwrap_or_default()].text(self.language)
    }

    fn date(&self, day: NaiveDate) -> String {
        format!("{} {} {}", day.day(), self.month(day), day.year())
    }

    fn hours(&self, seconds: i64) -> String {
        let minutes = seconds / 60;
        if minutes < 60 {
            format!("{} min", self.minutes(seconds))
        } else {
            format!("{} h {:02}", self.number(minutes / 60), minutes % 60)
        }
    }

    /// Whole minutes; what is shorter than one is not nothing.
    fn minutes(&self, seconds: i64) -> String {
        if (1..60).contains(&seconds) { "&lt; 1".to_owned() } else { self.number(seconds / 60) }
    }

    /// Thousands apart, as the language has it.
    fn number(&self, number: i64) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(if self.language == Language::Fr { '\u{202f}' } else { ',' });
            }
            text.push(digit);
        }
        text
    }
}

const LEVELS: [&str; 5] = ["l0", "l1", "l2", "l3", "l4"];

/// In French nothing and one are singular, in English only one is.
fn count(number: i64, one: &str, many: &str, picture: &Picture) -> String {
    let singular = number == 1 || (number == 0 && picture.language == Language::Fr);
    format!("{} {}", picture.number(number), if singular { one } else { many })
}
