use serde::{Deserialize, Serialize};

/// The languages that Orée answers in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("x-published" = true)))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    Fr,
    En,
}

impl Language {
    /// The better of French and English for an `Accept-Language` header (RFC 9110, 12.5.4); French where it names neither.
    pub fn accepted(header: &str) -> Language {
        let mut best = (0, Language::Fr);
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1000);
            let language = match tag.get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("fr") => Language::Fr,
                Some("en") => Language::En,
                _ => continue,
            };
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    pub fn code(self) -> &'static str {
        match self {
            Language::Fr => "fr",
            Language::En => "en",
        }
    }
}

/// A quality from 0 to 1 with at most three decimals (RFC 9110, 12.4.2); 0 where it is none.
fn thousandths(text: &str) -> u32 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.get(..3).unwrap_or(decimals);
    let zeros = "000".get(decimals.len()..).unwrap_or_default();
    let digits = [whole, decimals, zeros].concat();
    digits.parse().ok().filter(|quality| *quality <= 1000).unwrap_or(0)
}

/// A sentence for people, in both languages, under the stable code that programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    pub code: &'static str,
    pub fr: &'static str,
    pub en: &'static str,
}

impl Message {
    pub fn text(&self, language: Language) -> &'static str {
        match language {
            Language::Fr => self.fr,
            Language::En => self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_higher_quality_wins() {
        assert_eq!(Language::accepted("de, en;q=0.8, fr;q=0.9"), Language::Fr);
        assert_eq!(Language::accepted("fr;q=0.2,en-GB"), Language::En);
    }

    #[test]
    fn french_is_the_answer_to_anything_else() {
        for header in ["", "de", "*", "é", ";;;,", "en;q=0"] {
            assert_eq!(Language::accepted(header), Language::Fr, "{header}");
        }
    }
}
