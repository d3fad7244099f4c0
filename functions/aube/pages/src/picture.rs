//! The parts of a result as pictures: four scales, six interests, the ranges of exposure of the nearest occupations.

use aube::questions::DIMENSIONS;
use aube::ranking::Match;
use aube::{Analysis, words};
use chart::{Anchor, Axis, Frame, Radar, Range, Ranges, Theme};
use edge::{Language, Message, Word, input, msg};

/// A part of a result.
#[input(name = "DiagnosticPart")]
pub enum Part {
    /// Four scales with their strength; a tie is named one.
    Profile,
    /// A hexagon of six.
    Interests,
    /// How the published measures of exposure differ, for the nearest occupations.
    Exposure,
}

/// How many occupations a picture of exposure shows.
const SHOWN: usize = 6;
const WIDTH: u32 = 640;
/// Where a scale begins: names stand left of it.
const LEFT: u32 = 330;
const TOP: u32 = 48;

const PROFILE: Message = msg!("", fr: "Quatre préférences", en: "Four preferences");
const PROFILE_HINT: Message = msg!("", fr: "à gauche le premier pôle, à droite le second ; 0 : équilibre", en: "first pole to the left, second to the right; 0: balance");
const INTERESTS: Message = msg!("", fr: "Six intérêts", en: "Six interests");
const ESTIMATED: Message =
    msg!("", fr: "estimés en partie d'après les préférences", en: "estimated in part from the preferences");
const EXPOSURE: Message =
    msg!("", fr: "Résilience face à l'IA : ce que disent les mesures", en: "AI resilience: what the measures say");
const EXPOSURE_HINT: Message =
    msg!("", fr: "% des métiers plus exposés ; le trait : la médiane", en: "% of occupations more exposed; the line: the median");
const EXAMPLES: Message = msg!("", fr: "exemples, sans classement", en: "examples, in no order");

/// Draws one part.
pub fn draw(analysis: &Analysis, part: Part, theme: Option<Theme>, language: Language) -> String {
    match part {
        Part::Profile => profile(analysis, theme, language),
        Part::Interests => interests(analysis, theme, language),
        Part::Exposure => exposure(analysis, theme, language),
    }
}

fn profile(analysis: &Analysis, theme: Option<Theme>, language: Language) -> String {
    let names: Vec<String> = (0..DIMENSIONS.len())
        .map(|at| {
            let strength = words::strength(analysis.profile.scales[at].strength(), language);
            [&words::dimension(at, language), chart::colon(language), " ", strength].concat()
        })
        .collect();
    // The second pole lies where numbers grow, so that the names stand on the sides of their poles.
    let rows: Vec<Range> = analysis
        .profile
        .scales
        .iter()
        .zip(&names)
        .map(|(scale, name)| {
            let score = -scale.score;
            Range { name, low: score.min(0.0), high: score.max(0.0), mark: Some(score) }
        })
        .collect();
    let ranges = Ranges { left: LEFT, top: TOP, width: WIDTH - LEFT - 24, axis: Axis::new(-1.0, 1.0, 4), unit: "", places: 2 };
    let told: Vec<String> = names
        .iter()
        .zip(&analysis.profile.scales)
        .map(|(name, scale)| [name, " (", &chart::decimal(scale.strength(), 2, language), ")"].concat())
        .collect();
    bands(Part::Profile, &ranges, &rows, [PROFILE, PROFILE_HINT], &told.join(" ; "), theme, language)
}

fn interests(analysis: &Analysis, theme: Option<Theme>, language: Language) -> String {
    let spokes: Vec<&str> = (0..6).map(|at| words::interest(at, language)).collect();
    let radar = Radar { centre: (WIDTH / 2, 190), radius: 120, spokes: &spokes };
    let values = analysis.profile.interests.map(|value| (value + 1.0) / 2.0);
    let told = radar.words(&values, language);
    let hint = if analysis.profile.by_interests < 1.0 { ESTIMATED.text(language) } else { "" };
    let frame = Frame {
        id: &id(Part::Interests),
        width: WIDTH,
        height: 350,
        title: INTERESTS.text(language),
        description: &told,
        language,
        theme,
        styles: &[Radar::STYLE],
    };
    frame.draw(|canvas| {
        canvas.strong(24, 28, INTERESTS.text(language));
        canvas.text(WIDTH - 24, 28, Anchor::End, hint);
        radar.web(canvas);
        radar.first(canvas, &values, &told);
    })
}

fn exposure(analysis: &Analysis, theme: Option<Theme>, language: Language) -> String {
    let shown: Vec<&Match> = analysis.matches.iter().take(SHOWN).collect();
    let names: Vec<String> = shown.iter().map(|found| shortened(found.occupation.title(language))).collect();
    let rows: Vec<Range> = shown
        .iter()
        .zip(&names)
        .map(|(found, name)| {
            let [low, mid, high] = found.occupation.resilience().map(f64::from);
            Range { name, low, high, mark: Some(mid) }
        })
        .collect();
    let ranges = Ranges { left: LEFT, top: TOP, width: WIDTH - LEFT - 24, axis: Axis::new(0.0, 100.0, 5), unit: "%", places: 0 };
    let mut told: Vec<String> = rows.iter().map(|row| ranges.words(row, language)).collect();
    if analysis.profile.is_flat() {
        told.insert(0, EXAMPLES.text(language).to_owned());
    }
    bands(Part::Exposure, &ranges, &rows, [EXPOSURE, EXPOSURE_HINT], &told.join(" ; "), theme, language)
}

fn bands(
    part: Part,
    ranges: &Ranges,
    rows: &[Range],
    [title, hint]: [Message; 2],
    told: &str,
    theme: Option<Theme>,
    language: Language,
) -> String {
    let height = TOP + Ranges::height(u32::try_from(rows.len()).unwrap_or_default()) + 16;
    let frame = Frame {
        id: &id(part),
        width: WIDTH,
        height,
        title: title.text(language),
        description: told,
        language,
        theme,
        styles: &[Ranges::STYLE],
    };
    frame.draw(|canvas| {
        canvas.strong(24, 24, title.text(language));
        canvas.text(24, 40, Anchor::Start, hint.text(language));
        ranges.draw(canvas, rows);
    })
}

/// So that several of them may stand on one page.
fn id(part: Part) -> String {
    ["aube-", part.word()].concat()
}

/// What fits left of the scale.
fn shortened(title: &str) -> String {
    const FITS: usize = 48;
    if title.chars().count() <= FITS {
        return title.to_owned();
    }
    title.chars().take(FITS - 1).chain(['…']).collect()
}
