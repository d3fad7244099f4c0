edge::function! {
    //! Scenes of the Grimoire, asked for.

    /// Asks for a scene. It is drawn on a GPU within ten minutes: follow `status_url`. A scene that is being drawn is
    /// joined, one that was drawn before is given at once with status 200; `"cache": "refresh"` draws it anew. A repeated
    /// `Idempotency-Key` with the same body gives the first answer, and draws nothing.
    ///
    /// 422 `not_allowed` for a word that `settings.scene_vocabulary` does not have. 429 `quota_exceeded` once the day's
    /// scenes are used up. 503 `runpod_busy` or `runpod_unavailable` and 502 `runpod_refused` where RunPod does not take
    /// the scene: it stays as `failed` and does not count. What is asked again after a 503 is asked anew, under the same key
    /// too.
    POST "/generate/scene" => generate_scene,  auth: Person, limit: 10, writes, reply: 202 or 200, sql: 2, idempotent,
        headers: [Location],
        refuses: [grimoire::BUSY, grimoire::QUOTA_EXCEEDED, grimoire::REFUSED, grimoire::RUNPOD_NOT_CONFIGURED, grimoire::STORAGE_NOT_CONFIGURED,
            grimoire::UNAVAILABLE];
    /// The words that a scene may be made of, and how many scenes are left today.
    GET  "/generate/scene" => get_scene_offer, auth: Person, limit: 60, reads;
    uses: [edge::LINKS, grimoire::SETTINGS]
}

use edge::{Context, Json, Person, Reply, Result, input};
use grimoire::{Ask, Cache, Offer, Queued, neutral};
use serde::Serialize;

/// A scene to draw.
#[input(name = "SceneRequest")]
struct SceneRequest {
    #[validate(length(min = 1, max = 200), custom(function = "grimoire::one_line"))]
    world: String,
    #[validate(length(min = 1, max = 200), custom(function = "grimoire::one_line"))]
    era: String,
    #[validate(length(min = 1, max = 200), custom(function = "grimoire::one_line"))]
    class: String,
    #[validate(length(min = 1, max = 200), custom(function = "grimoire::one_line"))]
    pose: String,
    #[validate(length(min = 1, max = 200), custom(function = "grimoire::one_line"))]
    decor: String,
    /// `use` where absent.
    #[serde(skip_serializing)]
    cache: Option<Cache>,
}

/// As the worker is given it. `prompt` is for the public workers, which read nothing else.
#[derive(Serialize)]
struct Given<'a> {
    prompt: String,
    world: &'a str,
    era: &'a str,
    class: &'a str,
    pose: &'a str,
    decor: &'a str,
}

async fn generate_scene(ctx: Context, _: Person, Json(request): Json<SceneRequest>) -> Result<Reply<Queued>> {
    let SceneRequest { world, era, class, pose, decor, cache } = &request;
    let [w, e, c, p, d] = [world, era, class, pose, decor].map(|words| neutral(words));
    let prompt = [w.as_str(), &e, &c, &p, &d].join(", ");
    let worker_input = Given { prompt, world: &w, era: &e, class: &c, pose: &p, decor: &d };
    let refresh = *cache == Some(Cache::Refresh);
    grimoire::ask(&ctx, Ask { kind: "scene", collection: "scenes", input: &request, worker_input: &worker_input, refresh }).await
}

async fn get_scene_offer(ctx: Context, _: Person) -> Result<Reply<Offer>> {
    grimoire::offer(&ctx, "scene").await
}

#[cfg(test)]
mod tests;
