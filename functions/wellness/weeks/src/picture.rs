//! Weeks and moods as pictures.

use chart::{Bars, Frame, Theme, colon, date, decimal};
use chrono::NaiveDate;
use edge::{Language, Message, msg};

use crate::{Drawn, Moods, Row};

const MOOD: Message =
    msg!("", fr: "Humeur après les séances, par semaine (0 à 100)", en: "Mood after sessions, by week (0 to 100)");
const ENERGY: Message =
    msg!("", fr: "Cohérence du rythme, par semaine (0 à 100)", en: "Coherence of the pace, by week (0 to 100)");
const MOODS: Message = msg!("", fr: "Humeur de jour en jour (0 à 100)", en: "Mood from day to day (0 to 100)");
const NONE: Message = msg!("", fr: "Rien n'a encore été noté sur cette période.", en: "Nothing has been noted in this time yet.");
const MISSING: Message = msg!("", fr: "Ce qui manque n'est pas dessiné.", en: "What is missing is not drawn.");

/// A value from 0 to 100 with its place and its name.
struct Bar {
    column: u32,
    value: f64,
    name: String,
}

/// Bars of weeks; a week without a value has none.
pub fn weeks(rows: &[Row], drawn: Drawn, theme: Option<Theme>, language: Language) -> String {
    let (title, value): (_, fn(&Row) -> Option<f64>) = match drawn {
        // -1 to 1 as people say moods.
        Drawn::Mood => (MOOD, |row| row.mood_score.map(|score| (score + 1.0) * 50.0)),
        Drawn::Energy => (ENERGY, |row| row.coherence_avg),
    };
    let bars =
        (0..).zip(rows).filter_map(|(column, row)| Some(Bar { column, value: value(row)?, name: date(row.week, language) }));
    draw(title, rows.len(), &bars.collect::<Vec<_>>(), theme, language)
}

/// A bar for each day on which a mood was said: after sessions, else of scans, else before them.
pub fn moods(moods: &Moods, theme: Option<Theme>, language: Language) -> String {
    let column = |day: NaiveDate| u32::try_from((day - moods.first_day).num_days()).unwrap_or_default();
    let bars = moods.days.iter().filter_map(|day| {
        let value = day.after.or(day.scanned).or(day.before)?;
        Some(Bar { column: column(day.date), value, name: date(day.date, language) })
    });
    let columns = column(moods.last_day) as usize + 1;
    draw(MOODS, columns, &bars.collect::<Vec<_>>(), theme, language)
}

fn draw(title: Message, columns: usize, bars: &[Bar], theme: Option<Theme>, language: Language) -> String {
    let columns = u32::try_from(columns).unwrap_or(1).max(1);
    // As wide as a page has room for, and never so narrow that a bar is not seen.
    let pitch = (720 / columns).clamp(3, 48);
    let frame = Bars { left: 48, top: 64, height: 140, pitch, width: (pitch * 4 / 5).max(2), columns, most: 1000 };
    let said: Vec<String> =
        bars.iter().map(|bar| [&bar.name, colon(language), " ", &decimal(bar.value, 1, language)].concat()).collect();
    let description = match said.is_empty() {
        true => NONE.text(language).to_owned(),
        false => [&said.join(", "), ". ", MISSING.text(language)].concat(),
    };
    let picture = Frame {
        id: "weeks",
        width: frame.left + columns * pitch + 16,
        height: frame.top + frame.height + 24,
        title: title.text(language),
        description: &description,
        language,
        theme,
        styles: &[Bars::STYLE, Bars::BASE],
    };
    picture.draw(|canvas| {
        canvas.strong(frame.left, 26, title.text(language));
        frame.scale(canvas, if bars.is_empty() { NONE.text(language) } else { MISSING.text(language) }, "100");
        for (bar, tip) in bars.iter().zip(&said) {
            #[expect(clippy::cast_possible_truncation, reason = "0 to 1000")]
            frame.bar(canvas, bar.column, (bar.value * 10.0).round() as i64, tip);
        }
        frame.line(canvas);
    })
}
