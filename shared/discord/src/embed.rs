use chrono::{DateTime, Utc};
use edge::validation::rfc3339;
use serde::Serialize;

const TITLE: usize = 256;
const DESCRIPTION: usize = 4096;
const FIELDS: usize = 25;
const FIELD_NAME: usize = 256;
const FIELD_VALUE: usize = 1024;
const FOOTER: usize = 2048;
/// Of all texts of a message together.
const TOTAL: usize = 6000;

pub const BLUE: u32 = 0x34_98DB;
pub const ORANGE: u32 = 0xE6_7E22;
pub const RED: u32 = 0xE7_4C3C;

/// A framed message with a title, some named values and a picture.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Embed {
    title: String,
    color: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<Image>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<Footer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Field {
    name: String,
    value: String,
    inline: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Image {
    url: String,
}

#[derive(Clone, Debug, Serialize)]
struct Footer {
    text: String,
}

impl Embed {
    /// `color` is 0xRRGGBB.
    pub fn new(title: impl Into<String>, color: u32) -> Embed {
        Embed { title: title.into(), color, ..Embed::default() }
    }

    #[must_use]
    pub fn description(mut self, text: &str) -> Embed {
        self.description = text.to_owned();
        self
    }

    /// A value of ours. Left out where it is blank, which Discord would refuse.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Embed {
        if !value.trim().is_empty() {
            self.fields.push(Field { name: name.to_owned(), value: value.to_owned(), inline: true });
        }
        self
    }

    /// A value in somebody's own words: shown as it is, never as Discord's markup, link or mention, and on one line that
    /// runs in one direction.
    #[must_use]
    pub fn quoted(self, name: &str, words: &str) -> Embed {
        let plain: String = words.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let words = cut(&plain, FIELD_VALUE - 2).replace('`', "'");
        if words.is_empty() { self } else { self.field(name, &["`", &words, "`"].concat()) }
    }

    /// Left out where `url` is not one that Discord can fetch.
    #[must_use]
    pub fn image(mut self, url: &str) -> Embed {
        if url.starts_with("https://") || url.starts_with("http://") {
            self.image = Some(Image { url: url.to_owned() });
        }
        self
    }

    #[must_use]
    pub fn footer(mut self, text: &str) -> Embed {
        self.footer = Some(Footer { text: text.to_owned() });
        self
    }

    #[must_use]
    pub fn at(mut self, time: DateTime<Utc>) -> Embed {
        self.timestamp = Some(rfc3339(time, 3));
        self
    }

    /// Cuts every text to its limit; what does not fit into the sum is left out, the fields at the end first.
    pub(crate) fn within_limits(mut self) -> Embed {
        let mut left = TOTAL;
        let mut fit = |text: &str, most: usize| {
            let text = cut(text, most.min(left));
            left -= text.chars().count();
            text
        };
        self.title = fit(&self.title, TITLE);
        self.footer = self.footer.map(|footer| Footer { text: fit(&footer.text, FOOTER) });
        self.description = fit(&self.description, DESCRIPTION);
        self.fields.truncate(FIELDS);
        for field in &mut self.fields {
            field.name = fit(&field.name, FIELD_NAME);
            field.value = fit(&field.value, FIELD_VALUE);
        }
        self.fields.retain(|field| !field.name.is_empty() && !field.value.is_empty());
        self.footer = self.footer.filter(|footer| !footer.text.is_empty());
        self
    }
}

/// Changes the direction of what follows, or cannot be seen.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// At most `most` characters, the last of them `…` where something was cut.
fn cut(text: &str, most: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) if most == 0 => String::new(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

/// Milliseconds as people read them: `1,25 s`.
pub fn seconds(ms: i64) -> String {
    format!("{},{:02} s", ms / 1000, ms % 1000 / 10)
}
