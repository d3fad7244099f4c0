//! What is answered to somebody who may be in danger, before anything else is done with their words.
//!
//! It needs no model, no database, no quota and no limit: whatever else fails, this works. [`look`] says whether words tell of
//! danger, [`Panel::new`] what is answered then: a fixed text and the lines of a country. The answer has the shape that the caller
//! expects: the panel is a member of a JSON answer or of the first of its events, [`Panel::words`] are the text of an answer that is
//! nothing but text, [`Panel::html`] a part of a page. Status 200 in all of them.
//!
//! Nothing of such a turn goes on to a model, or into a log: what may be counted is [`Signal::word`].
//!
//! Phrases catch what is said in the words that they know, and little else: on wording that nobody had seen, rules like these found
//! a third. A classifier is the second tier, and belongs to the functions that have one. Nothing here is a diagnosis.

mod lines;
mod phrases;

use edge::{Escaped, Language, Message, msg, output};
pub use lines::{Resource, resources, unverified};
pub use phrases::look;

/// What words tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Words that may or may not tell of danger.
    Possible,
    /// Of somebody else whom the writer is afraid for.
    Helper,
    /// Of violence by somebody else.
    Abuse,
    /// Of wanting to die, or to hurt oneself.
    Oneself,
    /// Of danger at this moment.
    Danger,
}

#[output(name = "CrisisLevel")]
pub enum Level {
    Certain,
    Possible,
}

/// What is answered first, and before all else.
#[output(name = "CrisisPanel")]
pub struct Panel {
    pub level: Level,
    /// Names the text and its version: `oneself-1`.
    pub text_id: String,
    pub text: String,
    pub resources: Vec<Resource>,
}

const DANGER: Message = msg!("danger-1",
    fr: "Si vous êtes en danger maintenant, appelez les secours ou allez là où il y a du monde. Ne restez pas seul·e : quelqu'un peut vous répondre tout de suite.",
    en: "If you are in danger now, call the emergency services or go where there are people. Do not stay alone: somebody can answer you right now.");
const ONESELF: Message = msg!("oneself-1",
    fr: "Ce que vous écrivez compte, et vous n'avez pas à le porter seul·e. Si vous pensez à mourir ou à vous faire du mal, parlez-en maintenant à quelqu'un qui répond jour et nuit. Je suis un programme : je ne peux pas vous aider comme une personne le peut.",
    en: "What you write matters, and you do not have to carry it alone. If you are thinking of dying or of hurting yourself, talk now to somebody who answers day and night. I am a program: I cannot help you as a person can.");
const ABUSE: Message = msg!("abuse-1",
    fr: "Ce qui vous arrive n'est pas de votre faute, et personne n'a le droit de vous faire cela. Si vous êtes en danger maintenant, appelez les secours. Quelqu'un peut vous écouter et vous dire ce qui est possible.",
    en: "What is happening to you is not your fault, and nobody has the right to do this to you. If you are in danger now, call the emergency services. Somebody can listen to you and tell you what is possible.");
const HELPER: Message = msg!("helper-1",
    fr: "Vous vous inquiétez pour quelqu'un, et vous avez raison d'en parler. Demandez-lui simplement s'il ou elle pense à mourir : la question ne donne pas l'idée. Ne restez pas seul·e avec cela : ces lignes répondent aussi aux proches. En danger immédiat, appelez les secours.",
    en: "You are worried about somebody, and you are right to speak of it. Ask them plainly whether they think of dying: the question does not give the idea. Do not stay alone with it: these lines answer those who are close too. In immediate danger, call the emergency services.");
const POSSIBLE: Message = msg!("possible-1",
    fr: "Si vous êtes en danger ou pensez à vous faire du mal, voici qui répond.",
    en: "If you are in danger or think of hurting yourself, here is who answers.");

impl Signal {
    /// For counting: without content.
    pub fn word(self) -> &'static str {
        match self {
            Signal::Possible => "possible",
            Signal::Helper => "helper",
            Signal::Abuse => "abuse",
            Signal::Oneself => "oneself",
            Signal::Danger => "danger",
        }
    }

    fn text(self) -> Message {
        match self {
            Signal::Possible => POSSIBLE,
            Signal::Helper => HELPER,
            Signal::Abuse => ABUSE,
            Signal::Oneself => ONESELF,
            Signal::Danger => DANGER,
        }
    }
}

impl Panel {
    /// The panel in a language, with the lines of a country (ISO 3166-1 alpha-2): the person's own, else the one that the request
    /// came from. A country that is not known gets the lines that hold everywhere.
    pub fn new(signal: Signal, language: Language, country: Option<&str>) -> Panel {
        let text = signal.text();
        Panel {
            level: if signal == Signal::Possible { Level::Possible } else { Level::Certain },
            text_id: text.code.to_owned(),
            text: text.text(language).to_owned(),
            resources: resources(language, country),
        }
    }

    /// The whole panel as text: one line for the text, one for each resource.
    pub fn words(&self) -> String {
        let lines = self.resources.iter().map(|resource| ["\n", &resource.line, " – ", &resource.about].concat());
        [self.text.clone()].into_iter().chain(lines).collect()
    }

    /// The whole panel as a part of a page. All of it is ours, and escaped all the same.
    pub fn html(&self) -> String {
        let lines = self.resources.iter().flat_map(|resource| {
            let digits: String = resource.line.chars().filter(char::is_ascii_digit).collect();
            let line = Escaped(&resource.line).to_string();
            let line = match resource.line.contains('.') {
                true => ["<a href=\"https://", &line, "\">", &line, "</a>"].concat(),
                false => ["<a href=\"tel:", &digits, "\">", &line, "</a>"].concat(),
            };
            ["<li><strong>".to_owned(), line, "</strong> ".to_owned(), Escaped(&resource.about).to_string(), "</li>".to_owned()]
        });
        let lines: String = lines.collect();
        ["<section role=\"alert\"><p>", &Escaped(&self.text).to_string(), "</p><ul>", &lines, "</ul></section>"].concat()
    }
}

#[cfg(test)]
mod tests;
