edge::function! {
    //! Poses of the Grimoire, asked for.

    /// Asks for the picture of a pose. The contract is that of `POST /generate/scene`: 202 and a `status_url` to follow, 200
    /// where the same was made before, `Idempotency-Key`, a quota per day, and for class and pose the words of
    /// `settings.scene_vocabulary`.
    POST "/generate/pose" => generate_pose,  auth: Person, limit: 10, writes, reply: 202 or 200, sql: 2, idempotent,
        headers: [Location],
        refuses: [grimoire::BUSY, grimoire::QUOTA_EXCEEDED, grimoire::REFUSED, grimoire::RUNPOD_NOT_CONFIGURED, grimoire::STORAGE_NOT_CONFIGURED,
            grimoire::UNAVAILABLE];
    /// The words that a pose may be made of, and how many poses are left today.
    GET  "/generate/pose" => get_pose_offer, auth: Person, limit: 60, reads;
    uses: [edge::LINKS, grimoire::SETTINGS]
}

use edge::{Context, Json, Person, Reply, Result, input};
use grimoire::{Ask, Cache, Offer, Queued, neutral};
use serde::Serialize;

/// A pose to draw.
#[input(name = "PoseRequest")]
struct PoseRequest {
    #[validate(length(min = 1, max = 200), custom(function = "grimoire::one_line"))]
    class: String,
    #[validate(length(min = 1, max = 200), custom(function = "grimoire::one_line"))]
    pose: String,
    /// `front` where absent.
    view: Option<View>,
    /// `use` where absent.
    cache: Option<Cache>,
}

/// From where a pose is seen.
#[input(name = "PoseView")]
enum View {
    Front,
    Side,
    Back,
}

/// In the person's words.
#[derive(Serialize)]
struct Pose<'a> {
    class: &'a str,
    pose: &'a str,
    view: View,
}

/// As the worker is given it.
#[derive(Serialize)]
struct Given<'a> {
    prompt: String,
    class: &'a str,
    pose: &'a str,
    view: View,
}

async fn generate_pose(ctx: Context, _: Person, Json(request): Json<PoseRequest>) -> Result<Reply<Queued>> {
    let view = request.view.unwrap_or(View::Front);
    let (class, pose) = (neutral(&request.class), neutral(&request.pose));
    let prompt = [class.as_str(), &pose].join(", ");
    let worker_input = Given { prompt, class: &class, pose: &pose, view };
    let input = Pose { class: &request.class, pose: &request.pose, view };
    let refresh = request.cache == Some(Cache::Refresh);
    grimoire::ask(&ctx, Ask { kind: "pose", collection: "creations", input: &input, worker_input: &worker_input, refresh }).await
}

async fn get_pose_offer(ctx: Context, _: Person) -> Result<Reply<Offer>> {
    grimoire::offer(&ctx, "pose").await
}

#[cfg(test)]
mod tests;
