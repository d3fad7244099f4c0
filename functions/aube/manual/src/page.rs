//! The manual as a page: one table a language, one row a scale.

use std::fmt::Write;

use aube::html::{page, sources};
use aube::words;
use chart::{colon, date, decimal};
use edge::{Escaped, Html, Language, Message, msg};

use crate::Manual;

const TITLE: Message = msg!("", fr: "Manuel technique du diagnostic", en: "Technical manual of the diagnostic");
const ABOUT: Message = msg!("",
    fr: "Ces nombres décrivent des groupes, jamais une personne. Ils sont calculés chaque nuit sur les réponses de celles et ceux qui y consentent.",
    en: "These numbers describe groups, never a person. They are computed every night over the answers of those who agree to it.");
const SMALLEST: Message = msg!("", fr: "Personnes par échelle, au moins", en: "People per scale, at least");
const COMPUTED: Message = msg!("", fr: "Dernier calcul", en: "Last computed");
const NOTHING: Message = msg!("", fr: "Trop peu de personnes ont répondu pour mesurer quoi que ce soit.", en: "Too few people have answered to measure anything.");
const SCALE: Message = msg!("", fr: "Échelle", en: "Scale");
const PEOPLE: Message = msg!("", fr: "Personnes (dizaines entières)", en: "People (whole tens)");
const ALPHA: Message = msg!("", fr: "α de Cronbach", en: "Cronbach's α");
const ITEMS: Message =
    msg!("", fr: "Item : corrélation avec le reste de l'échelle", en: "Item: correlation with the rest of its scale");
const WEAK: Message = msg!("", fr: "à remplacer", en: "to be replaced");

/// The whole document.
pub fn render(manual: &Manual, language: Language) -> Html {
    let text = |message: Message| message.text(language);
    let sep = colon(language);
    page(text(TITLE), language, |out| {
        let _ = write!(out, "<p>{}</p><strong class=\"note\">{}</strong>", text(ABOUT), text(words::PURPOSE));
        let _ = write!(out, "<p>{} · {}</p>", Escaped(&manual.question_set_version), Escaped(&manual.analysis_version));
        let _ = write!(out, "<p>{}{sep} {}</p>", text(SMALLEST), manual.smallest);
        match manual.computed_at {
            Some(moment) => {
                let _ = write!(out, "<p>{}{sep} {}</p>", text(COMPUTED), date(moment.date_naive(), language));
            }
            None => {
                let _ = write!(out, "<p>{}</p>", text(NOTHING));
            }
        }
        for lang in [Language::Fr, Language::En] {
            let scales: Vec<_> = manual.scales.iter().filter(|scale| scale.lang == lang).collect();
            if scales.is_empty() {
                continue;
            }
            let _ = write!(
                out,
                "<h2>{}</h2><table><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th>\
                 <th scope=\"col\">{}</th></tr></thead><tbody>",
                if lang == Language::Fr { "Français" } else { "English" },
                text(SCALE),
                text(PEOPLE),
                text(ALPHA),
                text(ITEMS),
            );
            for scale in scales {
                let items = scale.items.iter().map(|item| {
                    let r = item.r.map_or("–".to_owned(), |r| decimal(r, 2, language));
                    let weak = if item.weak { [" (", text(WEAK), ")"].concat() } else { String::new() };
                    format!("{}{sep} {r}{weak}", Escaped(&item.id))
                });
                let alpha = scale.alpha.map_or("–".to_owned(), |alpha| decimal(alpha, 2, language));
                let _ = write!(
                    out,
                    "<tr><th scope=\"row\">{}</th><td>{}</td><td>{alpha}</td><td>{}</td></tr>",
                    Escaped(&scale.scale),
                    scale.people,
                    items.collect::<Vec<_>>().join("<br>"),
                );
            }
            out.push_str("</tbody></table>");
        }
        sources(out, language);
    })
}
