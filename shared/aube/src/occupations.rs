//! 398 occupations: facts of others (`data/NOTICE`), compiled in by `build.rs`.

use edge::Language;

/// Of the facts.
pub const DATA_VERSION: &str = "careers-2026.11";

/// A skill of O*NET, with our French name.
#[derive(Debug)]
pub struct Skill {
    /// O*NET's element, such as `2.B.3.e`.
    pub id: &'static str,
    fr: &'static str,
    en: &'static str,
}

impl Skill {
    pub fn name(&self, language: Language) -> &'static str {
        if language == Language::Fr { self.fr } else { self.en }
    }
}

/// One occupation. What is unknown is `None` or empty, never 0.
#[derive(Debug)]
pub struct Occupation {
    /// O*NET-SOC 2019, `dd-dddd.dd`.
    pub onet_soc: &'static str,
    pub isco08: u16,
    /// ROME 4.0, a letter and four digits; empty where there is none.
    pub rome: &'static str,
    /// The fiche is of the same job, and not only of a near one.
    pub rome_is_exact: bool,
    /// With both gender forms.
    pub rome_label: &'static str,
    title_fr: &'static str,
    title_en: &'static str,
    /// R, I, A, S, E, C in thousandths.
    pub interests: [u16; 6],
    /// Preparation, from 1 to 5.
    pub job_zone: u8,
    /// Places in [`SKILLS`], what is particular to the job first.
    pub skills: &'static [u8],
    /// The occupation whose skills these are, where it has none of its own.
    pub skills_of: &'static str,
    /// Raw exposure in thousandths: by GPT-4, by people, real use of Copilot, ILO, real use of Claude.
    values: [Option<u16>; 5],
    /// Percentiles of [`MEASURES`], each within its whole source.
    percentiles: [Option<u8>; 4],
    /// Smallest, median and largest percentile.
    pub exposure: [u8; 3],
    /// Tenths of a percent over ten years, in the United States.
    pub growth: Option<i16>,
    /// That number is of a broader group.
    pub growth_is_of_group: bool,
    /// France Travail's flags of the fiche: V, S, B, N, D, R.
    pub flags: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// A published measure of exposure to generative AI.
#[derive(Debug)]
pub struct Measure {
    pub name: &'static str,
    pub source: &'static str,
    pub version: &'static str,
    pub licence: &'static str,
    /// It was seen in use; else it says what would be possible.
    pub is_observed: bool,
}

pub static MEASURES: [Measure; 4] = [
    Measure {
        name: "eloundou_beta",
        source: "Eloundou et al., GPTs are GPTs",
        version: "2023, mean of ratings by GPT-4 and by people",
        licence: "MIT",
        is_observed: false,
    },
    Measure {
        name: "microsoft_applicability",
        source: "Tomlinson et al., Working with AI (Microsoft)",
        version: "2025-10",
        licence: "CC BY 4.0",
        is_observed: true,
    },
    Measure {
        name: "ilo_2025",
        source: "Gmyrek et al., ILO Working Paper 140",
        version: "2025-05",
        licence: "CC BY 4.0",
        is_observed: false,
    },
    Measure {
        name: "anthropic_observed",
        source: "Anthropic Economic Index",
        version: "2026",
        licence: "CC BY",
        is_observed: true,
    },
];

/// Whose facts an answer holds, and under which terms.
pub static SOURCES: [(&str, &str, &str); 7] = [
    (
        "O*NET 29.3, 30.2",
        "CC BY 4.0",
        "Includes information from the O*NET 29.3 and 30.2 Databases by the U.S. Department of Labor, Employment and Training \
         Administration (USDOL/ETA). O*NET® is a trademark of USDOL/ETA. Orée has modified this information; USDOL/ETA has not \
         approved, endorsed or tested these modifications.",
    ),
    ("ROME 4.0 v460", "Licence Ouverte 2.0", "France Travail, ROME 4.0."),
    ("BLS 2024–34", "public domain", "U.S. Bureau of Labor Statistics, Employment Projections 2024–34."),
    (
        "ILO Working Paper 140",
        "CC BY 4.0",
        "This is an adaptation of a copyrighted work of the International Labour Organization (ILO), not prepared, reviewed or \
         endorsed by the ILO. Gmyrek et al. 2025, ILO Working Paper 140.",
    ),
    ("GPTs are GPTs", "MIT", "Eloundou, Manning, Mishkin, Rock, GPTs are GPTs, data © 2024 OpenAI."),
    ("Working with AI", "CC BY 4.0", "Tomlinson et al. 2025, Working with AI, Microsoft."),
    ("Anthropic Economic Index", "CC BY", "Anthropic Economic Index."),
];

/// Whether there is an occupation of this code; it costs a function no facts.
pub fn is_code(onet_soc: &str) -> bool {
    CODES.binary_search(&onet_soc).is_ok()
}

impl Occupation {
    pub fn of(onet_soc: &str) -> Option<&'static Occupation> {
        OCCUPATIONS.binary_search_by(|occupation| occupation.onet_soc.cmp(onet_soc)).ok().map(|at| &OCCUPATIONS[at])
    }

    /// In French the official label with both gender forms, where it is of the same job.
    pub fn title(&self, language: Language) -> &'static str {
        match language {
            Language::Fr if self.rome_is_exact => self.rome_label,
            Language::Fr => self.title_fr,
            Language::En => self.title_en,
        }
    }

    pub fn skills(&self) -> impl Iterator<Item = &'static Skill> {
        self.skills.iter().map(|place| &SKILLS[usize::from(*place)])
    }

    /// The measures that know this occupation, with the raw value (0 to 1) and the percentile (0 to 100).
    pub fn measures(&self) -> impl Iterator<Item = (&'static Measure, f64, u8)> {
        let [by_model, by_people, used, ilo, claude] = self.values.map(|value| value.map(f64::from));
        let rated = by_model.zip(by_people).map(|(a, b)| (a + b) / 2.0);
        let values = [rated, used, ilo, claude];
        MEASURES
            .iter()
            .zip(values)
            .zip(self.percentiles)
            .filter_map(|((measure, value), percentile)| Some((measure, value? / 1000.0, percentile?)))
    }

    /// 100 less the median percentile of exposure, and the same of its ends: lowest, resilience, highest.
    pub fn resilience(&self) -> [u8; 3] {
        let [low, mid, high] = self.exposure;
        [100 - high, 100 - mid, 100 - low]
    }

    /// The word for its growth, with bounds at -5, 0, 3.1 (the average of all occupations) and 8 percent.
    pub fn growth_word(&self) -> &'static str {
        match self.growth {
            None => "unknown",
            Some(..-50) => "declining",
            Some(..0) => "slow_decline",
            Some(..31) => "slow",
            Some(..80) => "growing",
            Some(_) => "strong",
        }
    }

    /// The major group of SOC: two digits.
    pub fn family(&self) -> &'static str {
        &self.onet_soc[..2]
    }
}
