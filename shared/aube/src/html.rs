//! What the pages of a diagnostic have in common.

use std::fmt::Write;

use edge::{Escaped, Html, Language, Message, msg};
use page::PreEscaped;

use crate::result::Data;

const SOURCES: Message = msg!("", fr: "Sources", en: "Sources");

/// A document whose `main` is what `content` writes.
pub fn page(title: &str, language: Language, content: impl FnOnce(&mut String)) -> Html {
    let mut out = String::with_capacity(40_000);
    content(&mut out);
    page::document(title, language, "", &PreEscaped(out))
}

/// Where the facts come from, as every page ends.
pub fn sources(out: &mut String, language: Language) {
    let _ = write!(out, "<h2>{}</h2><ul>", SOURCES.text(language));
    for source in Data::all().sources {
        let _ = write!(out, "<li>{} ({})</li>", Escaped(&source.attribution), Escaped(&source.licence));
    }
    out.push_str("</ul>");
}
