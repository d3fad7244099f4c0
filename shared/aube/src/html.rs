//! Pages: one document each, without script, for screens and for paper.

use std::fmt::Write;

use edge::{Escaped, Html, Language, Message, msg};

use crate::result::Data;

const SOURCES: Message = msg!("", fr: "Sources", en: "Sources");

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;\
    color:#16211b;background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}svg{max-width:100%;height:auto;margin:.5rem 0}\
    table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.4rem .5rem;border-bottom:\
    1px solid #c3ccc6}ul{padding-left:1.2rem}small,footer{color:#3c4a42;font-size:.8rem}strong.note{display:block;border-left:4px solid \
    #2b8350;padding-left:.6rem}@media(prefers-color-scheme:dark){body{color:#eef4f0;background:#10151a}th,td{border-color:#3a464e}\
    small,footer{color:#a9b8af}}@media print{body{margin:0;max-width:none;color:#000;background:#fff}h2{break-after:avoid}tr,svg{break-inside:\
    avoid}}";

/// A document whose `main` is what `content` writes.
pub fn page(title: &str, language: Language, content: impl FnOnce(&mut String)) -> Html {
    let mut out = String::with_capacity(40_000);
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><meta name=\"referrer\" content=\"no-referrer\"><title>{title}</title><style>{STYLE}\
         </style></head><body><main><h1>{title}</h1>",
        language.code(),
        title = Escaped(title),
    );
    content(&mut out);
    out.push_str("</main></body></html>\n");
    Html(out)
}

/// Where the facts come from, as every page ends.
pub fn sources(out: &mut String, language: Language) {
    let _ = write!(out, "<h2>{}</h2><ul>", SOURCES.text(language));
    for source in Data::all().sources {
        let _ = write!(out, "<li>{} ({})</li>", Escaped(&source.attribution), Escaped(&source.licence));
    }
    out.push_str("</ul>");
}
