//! The picture: a calendar of kaizens above bars of zazen, one column per week, as one SVG without script or link.

use std::collections::HashMap;

use chart::{Bars, Canvas, Frame, HeatMap, Theme, Tone, colon, count, date, month, number};
use chrono::{Datelike, Days, NaiveDate};
use edge::{Language, Message, msg};

use crate::{Day, UserStats};

/// The weeks that it shows: a year, whatever its weekday.
pub const WEEKS: u32 = 53;

const CALENDAR: HeatMap = HeatMap { left: 48, top: 64, pitch: 14, cell: 11 };
const ROWS_END: u32 = CALENDAR.top + 7 * CALENDAR.pitch;
const BARS: Bars = Bars {
    left: CALENDAR.left,
    top: ROWS_END + 52,
    height: 56,
    pitch: CALENDAR.pitch,
    width: CALENDAR.cell,
    columns: WEEKS,
    most: 0,
};

const TITLE: Message = msg!("", fr: "Une année de Rise", en: "A year of Rise");
const KAIZENS: Message = msg!("", fr: "Kaizens faits par jour", en: "Kaizens done per day");
const ZAZEN: Message = msg!("", fr: "Minutes de zazen par semaine", en: "Minutes of zazen per week");
const MORE: Message = msg!("", fr: "4 et plus", en: "4 and more");
const EXCUSED: Message = msg!("", fr: "gel ou pause", en: "frozen or skipped");
/// Of the rows that have a name: Monday, Wednesday, Friday, Sunday.
const WEEKDAYS: [(u32, Message); 4] = [
    (0, msg!("", fr: "lun.", en: "Mon")),
    (2, msg!("", fr: "mer.", en: "Wed")),
    (4, msg!("", fr: "ven.", en: "Fri")),
    (6, msg!("", fr: "dim.", en: "Sun")),
];

/// Draws the year that ends on the day of `stats`.
pub fn draw(stats: &UserStats, days: &[Day], theme: Option<Theme>, language: Language) -> String {
    let picture = Picture { stats, days, language };
    let frame = Frame {
        id: "rise",
        width: CALENDAR.left + WEEKS * CALENDAR.pitch + 16,
        height: BARS.top + BARS.height + 24,
        title: TITLE.text(language),
        description: &picture.summary(),
        language,
        theme,
        styles: &[HeatMap::STYLE, Bars::STYLE, Bars::BASE, HeatMap::MARKED],
    };
    frame.draw(|canvas| {
        canvas.strong(CALENDAR.left, 26, &picture.headline());
        picture.calendar(canvas);
        let legend = [KAIZENS.text(language), "0", MORE.text(language), EXCUSED.text(language)];
        CALENDAR.legend(canvas, ROWS_END + 12, 150, legend);
        picture.bars(canvas);
    })
}

struct Picture<'a> {
    stats: &'a UserStats,
    days: &'a [Day],
    language: Language,
}

impl Picture<'_> {
    fn first(&self) -> NaiveDate {
        let monday = self.stats.today - Days::new(u64::from(self.stats.today.weekday().num_days_from_monday()));
        monday - Days::new(7 * u64::from(WEEKS - 1))
    }

    fn calendar(&self, canvas: &mut Canvas) {
        let by_day: HashMap<NaiveDate, &Day> = self.days.iter().map(|day| (day.day, day)).collect();
        for (row, name) in WEEKDAYS {
            CALENDAR.row_name(canvas, row, name.text(self.language));
        }
        let mut labelled = None;
        for (at, day) in self.first().iter_days().take_while(|day| *day <= self.stats.today).enumerate() {
            let (column, row) = (u32::try_from(at / 7).unwrap_or_default(), day.weekday().num_days_from_monday());
            // A month is named above its first whole week, unless no room is left for it.
            if row == 0 && day.day() <= 7 && column + 1 < WEEKS && labelled != Some(day.month()) {
                labelled = Some(day.month());
                CALENDAR.column_name(canvas, column, month(day, self.language));
            }
            let found = by_day.get(&day);
            let tone = match found {
                Some(day) if day.excused => Tone::Off,
                Some(day) => Tone::Level(u32::try_from(day.completed.max(0)).unwrap_or(u32::MAX)),
                None => Tone::Level(0),
            };
            let tip = found.map(|day| self.tip(day));
            CALENDAR.cell(canvas, column, row, tone, day == self.stats.today, tip.as_deref());
        }
    }

    fn bars(&self, canvas: &mut Canvas) {
        let mut weeks = [0; WEEKS as usize];
        for day in self.days {
            let place = usize::try_from((day.day - self.first()).num_days() / 7).ok();
            if let Some(seconds) = place.and_then(|place| weeks.get_mut(place)) {
                *seconds += day.seconds;
            }
        }
        let bars = Bars { most: weeks.iter().copied().max().unwrap_or(0), ..BARS };
        bars.scale(canvas, ZAZEN.text(self.language), &self.minutes(bars.most));
        for (column, seconds) in (0..).zip(weeks) {
            let week = date(self.first() + Days::new(7 * u64::from(column)), self.language);
            let tip = format!("{week}{} {} min", colon(self.language), self.minutes(seconds));
            bars.bar(canvas, column, seconds, &tip);
        }
        bars.line(canvas);
    }

    fn headline(&self) -> String {
        let stats = self.stats;
        match self.language {
            Language::Fr => format!(
                "Série : {} · Record : {} · {} · {} de zazen",
                self.count(stats.alive_streak.into(), "jour", "jours"),
                self.count(stats.best_streak.into(), "jour", "jours"),
                self.count(stats.completed_kaizens, "kaizen fait", "kaizens faits"),
                self.hours(stats.total_zazen_seconds),
            ),
            Language::En => format!(
                "Streak: {} · Best: {} · {} done · {} of zazen",
                self.count(stats.alive_streak.into(), "day", "days"),
                self.count(stats.best_streak.into(), "day", "days"),
                self.count(stats.completed_kaizens, "kaizen", "kaizens"),
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
        let (from, to) = (date(self.first(), self.language), date(self.stats.today, self.language));
        match self.language {
            Language::Fr => format!(
                "Du {from} au {to} : {} sur {}, {} de zazen. {}.",
                self.count(kaizens, "kaizen fait", "kaizens faits"),
                self.count(days, "jour", "jours"),
                self.hours(seconds),
                self.headline(),
            ),
            Language::En => format!(
                "From {from} to {to}: {} done on {}, {} of zazen. {}.",
                self.count(kaizens, "kaizen", "kaizens"),
                self.count(days, "day", "days"),
                self.hours(seconds),
                self.headline(),
            ),
        }
    }

    fn tip(&self, day: &Day) -> String {
        let mut parts = Vec::new();
        if day.completed > 0 {
            parts.push(self.count(day.completed, "kaizen", "kaizens"));
        }
        if day.seconds > 0 {
            parts.push(format!("{} min", self.minutes(day.seconds)));
        }
        if day.excused {
            parts.push(EXCUSED.text(self.language).to_owned());
        }
        format!("{}{} {}", date(day.day, self.language), colon(self.language), parts.join(", "))
    }

    fn count(&self, amount: i64, one: &str, many: &str) -> String {
        count(amount, one, many, self.language)
    }

    fn hours(&self, seconds: i64) -> String {
        let minutes = seconds / 60;
        if minutes < 60 {
            format!("{} min", self.minutes(seconds))
        } else {
            format!("{} h {:02}", number(minutes / 60, self.language), minutes % 60)
        }
    }

    /// Whole minutes; what is shorter than one is not nothing.
    fn minutes(&self, seconds: i64) -> String {
        if (1..60).contains(&seconds) { "< 1".to_owned() } else { number(seconds / 60, self.language) }
    }
}
