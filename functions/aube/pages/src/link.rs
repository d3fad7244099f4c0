//! Links to a page: the id of a row and its seal, so that the link itself is stored nowhere.

#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{Credentials, Error, Proof, Result, auth, refusal};
use uuid::Uuid;

/// Whoever has it sees the page. `key` is `LINK_KEY`.
pub fn url(public: &str, key: &[u8], link: Uuid) -> String {
    [public, "/api/v1/aube/pages/", &link.to_string(), ".shared?proof=", &auth::seal(key, &subject(link))].concat()
}

/// Who has a link of [`url`]; for a route with a part `{link}`.
pub struct Reader {
    pub link: Uuid,
}

impl Proof for Reader {
    const AFTER_BODY: bool = false;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme = Scheme::By { name: "page", place: Place::Query("proof"), about: "The seal of a link to a page." };

    fn verify(credentials: &Credentials) -> Result<Reader> {
        let key = Some(credentials.config.key("LINK_KEY")).filter(|key| !key.is_empty());
        let named = credentials.parts.path_parameters.iter().find(|(name, _)| name == "link");
        let link = named.and_then(|(_, link)| link.parse().ok());
        // It needs no percent-encoding.
        let proof = credentials.parts.raw_query.split('&').find_map(|part| part.strip_prefix("proof="));
        let is_proven = |link: &Uuid| key.zip(proof).is_some_and(|(key, proof)| auth::unseal(&key, &subject(*link), proof));
        link.filter(is_proven).map(|link| Reader { link }).ok_or_else(|| Error::from(refusal::BAD_SIGNATURE))
    }
}

/// Of no other link of ours.
fn subject(link: Uuid) -> String {
    ["aube-page:", &link.to_string()].concat()
}
