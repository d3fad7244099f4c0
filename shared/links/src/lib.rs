//! Links to one thing: the id of a row and its seal, so that the link itself is stored nowhere and opens nothing once the row has gone.

use std::marker::PhantomData;

#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{Credentials, Error, Proof, Result, auth, refusal};
use uuid::Uuid;

/// What a kind of link shows.
pub trait Shown {
    /// What is sealed begins with it, so that the seal is of no other link of ours.
    const SEALED: &'static str;
    /// The address below `PUBLIC_URL`: before the id, and behind it.
    const PLACE: (&'static str, &'static str);
}

/// Whoever has it sees what it shows. `key` is `LINK_KEY`.
pub fn url<S: Shown>(public: &str, key: &[u8], link: Uuid) -> String {
    let (before, after) = S::PLACE;
    [public, before, &link.to_string(), after, "?proof=", &auth::seal(key, &subject::<S>(link))].concat()
}

/// Who has a link of [`url`]; for a route with a part `{link}`.
pub struct Reader<S> {
    pub link: Uuid,
    shown: PhantomData<S>,
}

impl<S: Shown> Proof for Reader<S> {
    const AFTER_BODY: bool = false;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme = Scheme::By { name: "page", place: Place::Query("proof"), about: "The seal of a link to a page." };

    fn verify(credentials: &Credentials) -> Result<Reader<S>> {
        let key = Some(credentials.config.key("LINK_KEY")).filter(|key| !key.is_empty());
        let named = credentials.parts.path_parameters.iter().find(|(name, _)| name == "link");
        let link = named.and_then(|(_, link)| link.parse().ok());
        // It needs no percent-encoding.
        let proof = credentials.parts.raw_query.split('&').find_map(|part| part.strip_prefix("proof="));
        let is_proven = |link: &Uuid| key.zip(proof).is_some_and(|(key, proof)| auth::unseal(&key, &subject::<S>(*link), proof));
        let known = link.filter(is_proven).map(|link| Reader { link, shown: PhantomData });
        known.ok_or_else(|| Error::from(refusal::BAD_SIGNATURE))
    }
}

fn subject<S: Shown>(link: Uuid) -> String {
    [S::SEALED, &link.to_string()].concat()
}
