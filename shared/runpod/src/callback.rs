use chrono::{DateTime, Utc};
#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{Credentials, Error, Parts, Proof, Result, auth, refusals};
use uuid::Uuid;

refusals! {
    pub REFUSED: 401 "bad_link", fr: "Ce lien n'est pas, ou n'est plus, valable.", en: "This link is not, or no longer, good.";
}

/// Where RunPod tells the end of `job`. RunPod does not sign its calls: the link is the proof, so it is as secret as a
/// password until it expires. `key` is `LINK_KEY`, and the function's contract uses [`edge::LINKS`].
pub fn callback_url(public_url: &str, key: &[u8], job: Uuid, expires: DateTime<Utc>) -> String {
    let expires = expires.timestamp();
    let proof = auth::seal(key, &subject(job, expires));
    let (job, expires) = (job.to_string(), expires.to_string());
    let public_url = public_url.trim_end_matches('/');
    [public_url, "/api/v1/webhooks/runpod/", &job, "?expires=", &expires, "&proof=", &proof].concat()
}

/// Who was given the link of [`callback_url`]; for a route with a part `{job}`. Checked before the body is read.
pub struct RunPodCallback {
    pub job: Uuid,
}

impl Proof for RunPodCallback {
    const AFTER_BODY: bool = false;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme =
        Scheme::By { name: "runpod", place: Place::Query("proof"), about: "The seal of the link that RunPod was given." };

    fn verify(credentials: &Credentials) -> Result<RunPodCallback> {
        // Without a key everybody could make a proof.
        let key = Some(credentials.config.key("LINK_KEY")).filter(|key| !key.is_empty());
        let job = key.and_then(|key| proven_job(credentials.parts, &key, credentials.now));
        job.map(|job| RunPodCallback { job }).ok_or_else(|| Error::from(REFUSED))
    }
}

fn proven_job(parts: &Parts, key: &[u8], now: DateTime<Utc>) -> Option<Uuid> {
    let (_, job) = parts.path_parameters.iter().find(|(name, _)| name == "job")?;
    let job = job.parse().ok()?;
    let expires = parameter(&parts.raw_query, "expires=")?.parse().ok()?;
    let proof = parameter(&parts.raw_query, "proof=")?;
    (auth::unseal(key, &subject(job, expires), proof) && now.timestamp() <= expires).then_some(job)
}

/// Neither value needs percent-encoding.
fn parameter<'a>(query: &'a str, prefix: &str) -> Option<&'a str> {
    query.split('&').find_map(|part| part.strip_prefix(prefix))
}

fn subject(job: Uuid, expires: i64) -> String {
    ["runpod:", &job.to_string(), ":", &expires.to_string()].concat()
}
