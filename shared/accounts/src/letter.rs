use edge::auth::RefreshToken;
use edge::{Context, Error, Result, refusals};

refusals! {
    /// The hour's letters to an address have been sent.
    pub ENOUGH_LETTERS: 429 "enough_letters", fr: "Trois messages sont déjà en route : regardez aussi dans les indésirables.", en: "Three letters are on their way already: look into your spam folder too.";
}

edge::settings! {
    /// Of whatever writes to people.
    pub LETTERS: {
        with mail::SETTINGS;
        "APP_URL": Url, "front end that opens the links of letters, without a slash at its end";
    }
}

/// A link that proves who reads a letter: 32 random bytes, of which the database gets the hash only.
pub struct Link {
    pub hash: String,
    pub url: String,
}

impl Link {
    /// A link to a page of the front end. The token stands behind `#`, which browsers do not send. The function's contract uses [`LETTERS`].
    ///
    /// # Errors
    /// 500 where the runtime has no randomness to give.
    pub fn to(ctx: &Context, page: &str) -> Result<Link> {
        let token = RefreshToken::generate().map_err(Error::internal)?;
        Ok(Link { hash: token.hash(), url: [ctx.setting("APP_URL"), page, "#token=", token.text()].concat() })
    }
}
