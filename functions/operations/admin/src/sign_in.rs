//! The way in.

use edge::{Html, Language, Message, msg};
use page::html;

use crate::layout;

const EMAIL: Message = msg!("", fr: "Adresse e-mail", en: "E-mail address");
const PASSWORD: Message = msg!("", fr: "Mot de passe", en: "Password");
const ENTER: Message = msg!("", fr: "Se connecter pour une demi-heure", en: "Sign in for half an hour");
const ABOUT: Message = msg!("",
    fr: "Pour l'équipe. Ces pages montrent et ne changent rien ; ce qui doit changer passe par l'API.",
    en: "For the team. These pages show and change nothing; what is to change is a call of the API.");

pub fn render(language: Language) -> Html {
    let text = |message: Message| message.text(language);
    let content = html! {
        p { (text(ABOUT)) }
        form method="post" action="/admin/sign-in" class="filters" {
            label { (text(EMAIL)) input type="email" name="email" autocomplete="username" required autofocus; }
            label { (text(PASSWORD)) input type="password" name="password" autocomplete="current-password" required; }
            button { (text(ENTER)) }
        }
    };
    layout::bare(text(layout::TITLE), language, &content)
}
