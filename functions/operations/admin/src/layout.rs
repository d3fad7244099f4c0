//! What all pages have: the way home, and the way out.

use edge::{Html, Language, Message, msg};
use page::{Markup, html};

pub const TITLE: Message = msg!("", fr: "Administration d'Orée", en: "Orée's administration");
const HOME: Message = msg!("", fr: "Accueil", en: "Home");
const QUALITY: Message = msg!("", fr: "Qualité", en: "Quality");
const OUT: Message = msg!("", fr: "Se déconnecter", en: "Sign out");

/// No mark is told by its colour alone.
const STYLE: &str = ":root{--wide:72rem}nav{display:flex;gap:1rem;align-items:center}nav form{margin-left:auto}a{color:#1f5fa8}\
    code{font-size:.9em}form.filters{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin:1rem 0}label{display:grid;font-size:.85rem}\
    input,select,button{font:inherit;padding:.25rem .5rem}.success{color:#1d6b3c}.failure{color:#b3261e;font-weight:600}.cancelled,\
    .in_progress,.neutral{color:#5b5f00}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:600}dd{margin:0}\
    td{overflow-wrap:anywhere}@media(prefers-color-scheme:dark){a{color:#8ab8f0}.success{color:#7cd39c}.failure{color:#ff9a90}.cancelled,\
    .in_progress,.neutral{color:#d6d36b}}@media print{nav,form,.more{display:none}a{color:inherit;text-decoration:none}}";

/// A page of somebody who is signed in.
pub fn page(title: &str, language: Language, content: &Markup) -> Html {
    let nav = html! {
        nav {
            a href="/admin" { (HOME.text(language)) }
            a href="/admin/qa" { (QUALITY.text(language)) }
            form method="post" action="/admin/sign-out" { button { (OUT.text(language)) } }
        }
        (content)
    };
    bare(title, language, &nav)
}

/// A page of nobody in particular.
pub fn bare(title: &str, language: Language, content: &Markup) -> Html {
    page::document(title, language, STYLE, content)
}
