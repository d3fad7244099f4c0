//! A result as a page to keep: one document without script, for screens and for paper, that names nobody.

use std::fmt::Write;

use aube::recommend::recommend;
use aube::result::{ANALYSIS_VERSION, CareerMatch, Data, PersonalityProfile, Ranking};
use aube::{Stored, words};
use edge::{Body, Language, Message, msg};

use crate::picture::{self, Part};

/// A page. It needs no script and gets none; its styles and pictures are its own.
#[cfg_attr(not(target_arch = "wasm32"), derive(edge::schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "edge::schemars", inline))]
pub struct Html(pub String);

impl Body for Html {
    const CONTENT_TYPE: &'static str = "text/html; charset=utf-8";
    const POLICY: Option<&'static str> =
        Some("default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'");

    fn bytes(&self) -> Vec<u8> {
        self.0.clone().into_bytes()
    }
}

/// How many occupations it lists.
const SHOWN: usize = 10;

const TITLE: Message = msg!("", fr: "Un profil d'orientation", en: "A career profile");
const WHEN: Message = msg!("", fr: "Réponses données le", en: "Answered on");
const CONFIDENCE: Message = msg!("", fr: "Confiance", en: "Confidence");
const CONFIDENCE_HINT: Message = msg!("", fr: "elle baisse quand des réponses manquent, se contredisent ou restent partagées ; 0,95 au plus", en: "it falls where answers are missing, contradictory or undecided; 0.95 at most");
const NEAREST: Message = msg!("", fr: "Métiers les plus proches de ces intérêts", en: "Occupations nearest to these interests");
const EXAMPLES: Message = msg!("", fr: "Exemples de métiers", en: "Examples of occupations");
const OCCUPATION: Message = msg!("", fr: "Métier", en: "Occupation");
const SCORE: Message = msg!("", fr: "Proximité (0–100)", en: "Nearness (0–100)");
const RESILIENCE: Message = msg!("", fr: "Résilience IA (0–100)", en: "AI resilience (0–100)");
const WHY: Message = msg!("", fr: "Pourquoi", en: "Why");
const NEXT: Message = msg!("", fr: "Et maintenant", en: "What next");
const SOURCES: Message = msg!("", fr: "Sources", en: "Sources");

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;\
    color:#16211b;background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}svg{max-width:100%;height:auto}table{border-collapse:\
    collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.4rem .5rem;border-bottom:1px solid #c3ccc6}ul{padding-left:\
    1.2rem}small,footer{color:#3c4a42;font-size:.8rem}strong.note{display:block;border-left:4px solid #2b8350;padding-left:.6rem}\
    @media(prefers-color-scheme:dark){body{color:#eef4f0;background:#10151a}th,td{border-color:#3a464e}small,footer{color:#a9b8af}}\
    @media print{body{margin:0;max-width:none;color:#000;background:#fff}h2,tr,svg{break-inside:avoid}}";

/// The whole document.
pub fn render(stored: &Stored, language: Language) -> String {
    let analysis = &stored.analysis;
    let text = |message: &Message| message.text(language);
    let title = text(&TITLE);
    let mut out = String::with_capacity(40_000);
    put(
        &mut out,
        format_args!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><meta name=\"referrer\" content=\"no-referrer\"><title>{title}</title><style>{STYLE}</style>\
         </head><body><main><h1>{title}</h1>",
            language.code(),
        ),
    );
    let when = chart::date(stored.created_at.date_naive(), language);
    put(
        &mut out,
        format_args!("<p>{} {when}</p><strong class=\"note\">{}</strong>", text(&WHEN), Escaped(text(&words::PURPOSE))),
    );
    let profile = PersonalityProfile::of(&analysis.profile, language);
    let confidence = chart::decimal(analysis.profile.confidence, 2, language);
    put(
        &mut out,
        format_args!(
            "<p>{}{} <strong>{confidence}</strong> <small>({})</small></p>",
            text(&CONFIDENCE),
            chart::colon(language),
            text(&CONFIDENCE_HINT),
        ),
    );
    if let Some(note) = &profile.response_style.note {
        put(&mut out, format_args!("<p>{}</p>", Escaped(note)));
    }
    for part in [Part::Profile, Part::Interests] {
        out.push_str(&picture::draw(analysis, part, None, language));
    }
    let is_flat = analysis.profile.is_flat();
    put(
        &mut out,
        format_args!(
            "<h2>{}</h2><p>{}</p><table><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
            text(if is_flat { &EXAMPLES } else { &NEAREST }),
            Escaped(&Ranking::of(&analysis.profile, language).reason),
            text(&OCCUPATION),
            text(&SCORE),
            text(&RESILIENCE),
            text(&WHY),
        ),
    );
    for found in analysis.matches.iter().take(if is_flat { 6 } else { SHOWN }) {
        row(&mut out, &CareerMatch::of(found, language));
    }
    out.push_str("</tbody></table>");
    out.push_str(&picture::draw(analysis, Part::Exposure, None, language));
    put(&mut out, format_args!("<h2>{}</h2><ul>", text(&NEXT)));
    for one in recommend(&analysis.answers, &analysis.profile, &analysis.matches, language) {
        put(&mut out, format_args!("<li>{}<br><small>{}</small></li>", Escaped(&one.text), Escaped(&one.reason)));
    }
    put(&mut out, format_args!("</ul></main><footer><h2>{}</h2><ul>", text(&SOURCES)));
    for source in Data::all().sources {
        put(&mut out, format_args!("<li>{} ({})</li>", Escaped(&source.attribution), Escaped(&source.licence)));
    }
    put(&mut out, format_args!("</ul><p>{ANALYSIS_VERSION}</p></footer></body></html>\n"));
    out
}

fn row(out: &mut String, found: &CareerMatch) {
    let codes = &found.occupation;
    let [low, high] = found.match_interval;
    let [least, most] = found.ai_resilience_interval;
    let rome = codes.rome.as_ref().map_or(String::new(), |rome| [" · ROME ", &rome.code].concat());
    put(
        out,
        format_args!(
            "<tr><th scope=\"row\">{}<br><small>{} · ISCO {}{rome}</small></th><td>{} <small>({low}–{high})</small></td>\
         <td>{} <small>({least}–{most})</small></td><td><ul>",
            Escaped(&found.title),
            codes.onet_soc,
            codes.isco08,
            found.match_score,
            found.ai_resilience,
        ),
    );
    found.why.iter().for_each(|why| put(out, format_args!("<li>{}</li>", Escaped(why))));
    out.push_str("</ul></td></tr>");
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

/// A text as it stands in HTML.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            _ => f.write_char(char),
        })
    }
}
