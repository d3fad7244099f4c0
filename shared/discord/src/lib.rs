//! Messages to a Discord webhook.
//!
//! From Discord's documentation, "Webhook Resource", "Message Resource: Embed Limits" and "Rate Limits" (2026-11). Lengths
//! are counted in characters, after trimming; an embed that is too long is cut, since Discord would refuse all of it.

mod embed;

use edge::{Context, Http, HttpAnswer, HttpFailure};
use serde::{Deserialize, Serialize};

pub use embed::{BLUE, Embed, ORANGE, RED, seconds};

edge::settings! {
    pub SETTINGS: {
        "DISCORD_WEBHOOK_URL": Text secret = "", "Discord channel for notices; without it they are not sent";
    }
}

/// The version of Discord's API that answers are read as.
const VERSION: &str = "10";
/// Seconds to stay away where Discord (or the network before it) refuses without saying how long: such a ban is on an
/// address that many share, and lasts.
const UNNAMED_WAIT_S: u32 = 300;
const LONGEST_WAIT_S: f64 = 86_400.0;
const LONGEST_REASON: usize = 200;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Delivered {
        status: u16,
    },
    /// Try again later; not before `after_s` seconds, where that is known.
    Retry {
        status: Option<u16>,
        after_s: Option<u32>,
        reason: String,
    },
    /// Trying again cannot help: the webhook is gone or not set up, or Discord refuses the message.
    Dead {
        status: Option<u16>,
        reason: String,
    },
}

#[derive(Serialize)]
struct Message {
    embeds: [Embed; 1],
    allowed_mentions: Mentions,
}

/// Nobody is ever notified by name: a text of somebody else could say `@everyone`.
#[derive(Serialize)]
struct Mentions {
    parse: [&'static str; 0],
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
    retry_after: Option<f64>,
}

/// Sends an embed to `DISCORD_WEBHOOK_URL`. The function's contract uses [`SETTINGS`].
pub async fn send(ctx: &Context, embed: Embed) -> Delivery {
    let webhook = ctx.setting("DISCORD_WEBHOOK_URL");
    if webhook.is_empty() {
        return Delivery::Dead { status: None, reason: "discord_not_configured".to_owned() };
    }
    // Unasked, Discord answers before it has saved the message, and does not tell when it could not.
    let url = [of_version(webhook).as_str(), if webhook.contains('?') { "&" } else { "?" }, "wait=true"].concat();
    let message = Message { embeds: [embed.within_limits()], allowed_mentions: Mentions { parse: [] } };
    delivery(ctx.http("discord", Http::post(url).json(&message)).await)
}

/// A webhook's address as Discord gives it names no version, and means whichever Discord takes for the default one.
fn of_version(webhook: &str) -> String {
    match webhook.split_once("/api/webhooks/") {
        Some((host, rest)) => [host, "/api/v", VERSION, "/webhooks/", rest].concat(),
        None => webhook.to_owned(),
    }
}

fn delivery(answer: Result<HttpAnswer, HttpFailure>) -> Delivery {
    let answer = match answer {
        Ok(answer) => answer,
        Err(HttpFailure::Timeout) => return Delivery::Retry { status: None, after_s: None, reason: "timeout".to_owned() },
        Err(HttpFailure::Connection(reason)) => return Delivery::Retry { status: None, after_s: None, reason },
    };
    let said = answer.json::<Refusal>().unwrap_or_default();
    let reason = match said.message.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect::<String>() {
        said if said.is_empty() => ["status ", &answer.status.to_string()].concat(),
        said => said,
    };
    let status = Some(answer.status);
    match answer.status {
        200..300 => Delivery::Delivered { status: answer.status },
        429 => Delivery::Retry { status, after_s: Some(wait_s(said.retry_after, answer.retry_after)), reason },
        408 | 500.. => Delivery::Retry { status, after_s: answer.retry_after, reason },
        _ => Delivery::Dead { status, reason },
    }
}

/// The body tells fractions of a second, the header whole ones; the page of the network before Discord neither.
fn wait_s(body: Option<f64>, header: Option<u32>) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a day")]
    let seconds = body.map(|seconds| seconds.clamp(0.0, LONGEST_WAIT_S).ceil() as u32);
    seconds.or(header).unwrap_or(UNNAMED_WAIT_S)
}

#[cfg(test)]
mod tests;
