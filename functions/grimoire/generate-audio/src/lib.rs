edge::function! {
    //! Sounds of the Grimoire, asked for.

    /// Asks for a sound: a page that turns, a rune, an ambience. The contract is that of `POST /generate/scene`: 202 and a
    /// `status_url` to follow, 200 where the same was made before, `Idempotency-Key`, a quota per day.
    POST "/generate/audio" => generate_audio,  auth: Person, limit: 10, writes, reply: 202 or 200, sql: 2, idempotent,
        headers: [Location],
        refuses: [grimoire::BUSY, grimoire::QUOTA_EXCEEDED, grimoire::REFUSED, grimoire::RUNPOD_NOT_CONFIGURED, grimoire::STORAGE_NOT_CONFIGURED,
            grimoire::UNAVAILABLE];
    /// How many sounds are left today.
    GET  "/generate/audio" => get_audio_offer, auth: Person, limit: 60, reads;
    uses: [edge::LINKS, grimoire::SETTINGS]
}

use chrono::{DateTime, Utc};
use edge::{Context, Json, Person, Reply, Result, input, output};
use grimoire::{Ask, Cache, Queued, neutral};
use serde::Serialize;

/// A sound to make.
#[input(name = "AudioRequest")]
struct AudioRequest {
    effect: Effect,
    /// What it should be like.
    #[validate(length(min = 1, max = 200), custom(function = "grimoire::one_line"))]
    description: Option<String>,
    /// 5 where absent.
    #[validate(range(min = 1, max = 30))]
    duration_s: Option<u32>,
    /// `mp3` where absent. A worker may give another one: the result says what it is.
    format: Option<Format>,
    /// `use` where absent.
    cache: Option<Cache>,
}

/// How a sound is changed.
#[input(name = "AudioEffect")]
enum Effect {
    PageTurn,
    Rune,
    Ambience,
}

/// The format of a sound.
#[input(name = "AudioFormat")]
enum Format {
    Mp3,
    Ogg,
    Wav,
}

/// In the person's words.
#[derive(Serialize)]
struct Sound<'a> {
    effect: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    duration_s: u32,
    format: Format,
}

/// What sounds can be asked for, and what is left of the day.
#[output(name = "AudioOffer")]
struct Offer {
    /// Sounds per day.
    limit: i32,
    used: i32,
    left: i32,
    resets_at: DateTime<Utc>,
}

/// As the worker is given it.
#[derive(Serialize)]
struct Given {
    prompt: String,
    effect: Effect,
    duration_s: u32,
    format: Format,
}

async fn generate_audio(ctx: Context, _: Person, Json(request): Json<AudioRequest>) -> Result<Reply<Queued>> {
    let (duration_s, format) = (request.duration_s.unwrap_or(5), request.format.unwrap_or(Format::Mp3));
    let input = Sound { effect: request.effect, description: request.description.as_deref(), duration_s, format };
    let description = neutral(input.description.unwrap_or_default());
    let effect = match request.effect {
        Effect::PageTurn => "page turning",
        Effect::Rune => "magic rune",
        Effect::Ambience => "ambience",
    };
    let prompt = [effect, description.as_str()].join(", ").trim_end_matches(", ").to_owned();
    let worker_input = Given { prompt, effect: request.effect, duration_s, format };
    let refresh = request.cache == Some(Cache::Refresh);
    grimoire::ask(&ctx, Ask { kind: "audio", collection: "creations", input: &input, worker_input: &worker_input, refresh }).await
}

async fn get_audio_offer(ctx: Context, _: Person) -> Result<Reply<Offer>> {
    grimoire::offer(&ctx, "audio").await
}

#[cfg(test)]
mod tests;
