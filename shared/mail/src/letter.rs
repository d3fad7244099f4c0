//! A letter to somebody: the outbox holds who, in which language and what about; its words are those of the area that sends it.

use edge::Language;
use serde::Deserialize;

/// A letter as the outbox holds it.
#[derive(Clone, Debug, Deserialize)]
pub struct Letter {
    template: String,
    pub(crate) to: String,
    #[serde(rename = "locale")]
    language: Language,
    #[serde(default)]
    link: String,
    /// What the letter is about: a name or a day.
    #[serde(default)]
    about: String,
}

/// The words of a letter in both languages: subject and text. The text has `{link}` and `{about}` where these go.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub template: &'static str,
    pub fr: (&'static str, &'static str),
    pub en: (&'static str, &'static str),
}

impl Letter {
    /// Reads JSON; `None` for a payload that this release does not know.
    pub fn read(payload: &str) -> Option<Letter> {
        edge::small_json::from_str(payload).ok()
    }

    /// Which letter it is.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// There is nobody to send it to; see `edge.mail`.
    pub fn is_for_nobody(&self) -> bool {
        self.template == "nobody"
    }

    /// Subject and text.
    pub fn written(&self, words: &Words) -> (&'static str, String) {
        let (greeting, (subject, body), end) = match self.language {
            Language::Fr => ("Bonjour,", words.fr, "L'équipe Orée"),
            Language::En => ("Hello,", words.en, "The Orée team"),
        };
        // The name last: it was typed by somebody, and nothing in it is a place for a link.
        let body = body.replace("{link}", &self.link).replace("{about}", &self.about);
        (subject, [greeting, "\n\n", &body, "\n\n", end, "\n"].concat())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const INVITATION: Words = Words {
        template: "invitation",
        fr: ("Une invitation", "« {about} » vous invite : {link}"),
        en: ("An invitation", "\"{about}\" invites you: {link}"),
    };

    #[test]
    fn a_name_that_somebody_typed_is_only_text() {
        let payload = json!({"template": "invitation", "to": "a@example.org", "locale": "en",
            "link": "https://x.example/#token=t", "about": "{link}"});
        let (_, text) = Letter::read(&payload.to_string()).unwrap().written(&INVITATION);
        assert!(text.contains("\"{link}\" invites you") && text.matches("https://").count() == 1, "{text}");
    }

    #[test]
    fn a_letter_that_was_sent_already_says_nothing() {
        assert!(Letter::read(&json!({"template": "password_reset"}).to_string()).is_none(), "nothing is left of it");
    }
}
