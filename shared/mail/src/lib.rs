#![doc = include_str!("../README.md")]

mod letter;

use edge::{Context, Http, HttpAnswer, HttpFailure, Result, refusals};
use serde::Serialize;

pub use letter::{Letter, Words};

edge::settings! {
    pub SETTINGS: {
        "MAIL_URL": Text secret = "", "where letters are posted; without it what needs one answers 503 mail_not_configured";
        "MAIL_API_KEY": Text secret = "", "the mail provider's key";
        "MAIL_FROM": Text = "Orée <no-reply@oree.example>", "sender of letters";
    }
}

refusals! {
    pub NOT_CONFIGURED: 503 "mail_not_configured", fr: "L'envoi de courrier n'est pas configuré.", en: "Sending mail is not configured.";
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Taken {
        status: u16,
    },
    /// Try again; not before `after_s` seconds, where that is known.
    Later {
        status: Option<u16>,
        after_s: Option<u32>,
        reason: String,
    },
    /// Trying again cannot help.
    Refused {
        status: Option<u16>,
        reason: String,
    },
}

#[derive(Serialize)]
struct Body<'a> {
    from: &'a str,
    to: &'a str,
    subject: &'a str,
    text: &'a str,
}

/// For what cannot do without a letter. The function's contract uses [`SETTINGS`].
///
/// # Errors
/// 503 `mail_not_configured`.
pub fn ready(ctx: &Context) -> Result<()> {
    if is_configured(ctx) { Ok(()) } else { Err(NOT_CONFIGURED.into()) }
}

/// Sends a letter by `MAIL_URL`. Equal `id`s are one letter to a provider that knows `Idempotency-Key`.
pub async fn send(ctx: &Context, id: i64, letter: &Letter, words: &Words) -> Sent {
    if !is_configured(ctx) {
        return Sent::Refused { status: None, reason: "mail_not_configured".to_owned() };
    }
    let (subject, text) = letter.written(words);
    let request = Http::post(ctx.setting("MAIL_URL"))
        .bearer(ctx.setting("MAIL_API_KEY"))
        .header("idempotency-key", ["oree-", &id.to_string()].concat())
        .json(&Body { from: ctx.setting("MAIL_FROM"), to: &letter.to, subject, text: &text });
    sent(ctx.http("mail", request).await)
}

fn is_configured(ctx: &Context) -> bool {
    !ctx.setting("MAIL_URL").is_empty()
}

/// Only the status is kept: a provider's sentence may repeat the address.
fn sent(answer: Result<HttpAnswer, HttpFailure>) -> Sent {
    let answer = match answer {
        Ok(answer) => answer,
        Err(HttpFailure::Timeout) => return Sent::Later { status: None, after_s: None, reason: "timeout".to_owned() },
        Err(HttpFailure::Connection(reason)) => return Sent::Later { status: None, after_s: None, reason },
    };
    let reason = ["status ", &answer.status.to_string()].concat();
    match answer.status {
        status @ 200..300 => Sent::Taken { status },
        status @ (408 | 429 | 500..) => Sent::Later { status: Some(status), after_s: answer.retry_after, reason },
        status => Sent::Refused { status: Some(status), reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<u32>) -> Sent {
        sent(Ok(HttpAnswer { status, retry_after, body: b"ada@example.org is not an address".to_vec(), ..HttpAnswer::default() }))
    }

    #[test]
    fn an_answer_says_whether_to_try_again() {
        assert_eq!(answer(202, None), Sent::Taken { status: 202 });
        assert_eq!(answer(429, Some(7)), Sent::Later { status: Some(429), after_s: Some(7), reason: "status 429".to_owned() });
        assert!(matches!(answer(503, None), Sent::Later { .. }));
        assert_eq!(answer(422, None), Sent::Refused { status: Some(422), reason: "status 422".to_owned() });
        assert!(matches!(sent(Err(HttpFailure::Timeout)), Sent::Later { status: None, .. }));
    }
}
