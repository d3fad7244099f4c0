use edge::{Language, output};

/// Country (`*` for any), line, what it is in both languages, the page where it can be checked, and the month in which somebody
/// did: empty where nobody has yet ([`unverified`]). Lines change: each is to be checked twice a year, and before a release.
const LINES: &str = include_str!("lines.tsv");

/// Somebody who answers.
#[output(name = "CrisisResource")]
pub struct Resource {
    /// A number to call, or an address on the web.
    pub line: String,
    /// Who that is, in the caller's language.
    pub about: String,
    /// The page where it can be checked.
    pub source: String,
    /// The month in which somebody did, `2026-11`; null where nobody has.
    pub verified_on: Option<String>,
}

/// The lines of a country (ISO 3166-1 alpha-2, in either case); those that hold everywhere where it is not known.
pub fn resources(language: Language, country: Option<&str>) -> Vec<Resource> {
    let of = |country: &str| -> Vec<Resource> {
        let own = rows().filter(|row| row[0].eq_ignore_ascii_case(country));
        own.map(|[_, line, fr, en, source, verified_on]| Resource {
            line: line.to_owned(),
            about: if language == Language::Fr { fr } else { en }.to_owned(),
            source: source.to_owned(),
            verified_on: Some(verified_on.to_owned()).filter(|month| !month.is_empty()),
        })
        .collect()
    };
    let found = country.map(of).unwrap_or_default();
    if found.is_empty() { of("*") } else { found }
}

/// The lines that are to be read again at a month such as `2027-05`: country and line. A line is good for half a year.
pub fn unverified(month: &str) -> Vec<(&'static str, &'static str)> {
    let months = |text: &str| -> Option<u32> {
        let (year, month) = text.split_once('-')?;
        Some(year.parse::<u32>().ok()? * 12 + month.parse::<u32>().ok()?)
    };
    let now = months(month).unwrap_or(u32::MAX);
    rows().filter(|row| months(row[5]).is_none_or(|read| now > read + 6)).map(|row| (row[0], row[1])).collect()
}

fn rows() -> impl Iterator<Item = [&'static str; 6]> {
    LINES.lines().skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        let row = [cells.next()?, cells.next()?, cells.next()?, cells.next()?, cells.next()?, cells.next()?];
        cells.next().is_none().then_some(row)
    })
}
