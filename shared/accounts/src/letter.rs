use edge::auth::RefreshToken;
use edge::{Context, Error, Result, refusals};
use outbox::Entry;

refusals! {
    /// The hour's letters to an address have been sent.
    pub ENOUGH_LETTERS: 429 "enough_letters", fr: "Trois messages sont déjà en route : regardez aussi dans les indésirables.", en: "Three letters are on their way already: look into your spam folder too.";
}

/// A link that proves who reads a letter: 32 random bytes, of which the database gets the hash only.
pub struct Link {
    pub hash: String,
    pub url: String,
}

impl Link {
    /// A link to a page of the front end. The token stands behind `#`, which browsers do not send. Needs `Mail`.
    ///
    /// # Errors
    /// 500 where the runtime has no randomness to give.
    pub fn to(ctx: &Context, page: &str) -> Result<Link> {
        let token = RefreshToken::generate().map_err(Error::internal)?;
        Ok(Link { hash: token.hash(), url: [ctx.setting("APP_URL"), page, "#token=", token.text()].concat() })
    }
}

/// Sends the letters that a request has caused, after its answer. Should that fail, they are due again in a minute.
pub fn post_later(ctx: &Context, letters: Vec<Entry>) {
    let later = ctx.clone();
    ctx.later(async move {
        if let Err(error) = outbox::deliver(&later, letters).await {
            later.warn(&error);
        }
    });
}
