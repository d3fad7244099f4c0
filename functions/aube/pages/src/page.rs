//! A result as a page to keep: one document without script, for screens and for paper, that names nobody.

use std::fmt::Write;

use aube::html::{page, sources};
use aube::recommend::recommend;
use aube::result::{ANALYSIS_VERSION, CareerMatch, PersonalityProfile, Ranking};
use aube::{Stored, words};
use edge::{Escaped, Html, Language, Message, msg};

use crate::picture::{self, Part};

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

/// The whole document.
pub fn render(stored: &Stored, language: Language) -> Html {
    page(TITLE.text(language), language, |out| content(out, stored, language))
}

fn content(out: &mut String, stored: &Stored, language: Language) {
    let analysis = &stored.analysis;
    let text = |message: &Message| message.text(language);
    let when = chart::date(stored.created_at.date_naive(), language);
    put(out, format_args!("<p>{} {when}</p><strong class=\"note\">{}</strong>", text(&WHEN), Escaped(text(&words::PURPOSE))));
    let profile = PersonalityProfile::of(&analysis.profile, language);
    let confidence = chart::decimal(analysis.profile.confidence, 2, language);
    put(
        out,
        format_args!(
            "<p>{}{} <strong>{confidence}</strong> <small>({})</small></p>",
            text(&CONFIDENCE),
            chart::colon(language),
            text(&CONFIDENCE_HINT),
        ),
    );
    if let Some(note) = &profile.response_style.note {
        put(out, format_args!("<p>{}</p>", Escaped(note)));
    }
    for part in [Part::Profile, Part::Interests] {
        out.push_str(&picture::draw(analysis, part, None, language));
    }
    let is_flat = analysis.profile.is_flat();
    let heading = text(if is_flat { &EXAMPLES } else { &NEAREST });
    put(
        out,
        format_args!("<h2>{heading}</h2><p>{}</p><table><thead><tr>", Escaped(&Ranking::of(&analysis.profile, language).reason)),
    );
    [OCCUPATION, SCORE, RESILIENCE, WHY].iter().for_each(|name| put(out, format_args!("<th scope=\"col\">{}</th>", text(name))));
    out.push_str("</tr></thead><tbody>");
    for found in analysis.matches.iter().take(if is_flat { 6 } else { SHOWN }) {
        row(out, &CareerMatch::of(found, language));
    }
    out.push_str("</tbody></table>");
    out.push_str(&picture::draw(analysis, Part::Exposure, None, language));
    put(out, format_args!("<h2>{}</h2><ul>", text(&NEXT)));
    for one in recommend(&analysis.answers, &analysis.profile, &analysis.matches, language) {
        put(out, format_args!("<li>{}<br><small>{}</small></li>", Escaped(&one.text), Escaped(&one.reason)));
    }
    out.push_str("</ul><footer>");
    sources(out, language);
    put(out, format_args!("<p>{ANALYSIS_VERSION}</p></footer>"));
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
