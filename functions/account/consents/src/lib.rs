edge::function! {
    //! What a person agrees to, purpose by purpose. Each decision is a row that is never changed, in force from the next request on.

    /// Every purpose with the text that is in force, in the caller's language, and what the caller has decided. No decision is a
    /// no, and so is a yes to an earlier text.
    GET "/consents"           => list_consents,  auth: Person, limit: 300, reads;
    /// One of them.
    GET "/consents/{purpose}" => get_consent,    auth: Person, limit: 300, reads,
        refuses: [refusal::NOT_FOUND];
    /// Says yes or no. With `version`, that of the text which the caller was shown, a yes to another text than the one in force is
    /// refused (409 `consent_outdated`); a no never is.
    PUT "/consents/{purpose}" => decide_consent, auth: Person, limit: 60,  writes,
        refuses: [CONSENT_OUTDATED, refusal::NOT_FOUND];
}

use chrono::{DateTime, Utc};
use edge::{Context, Json, Page, Path, Person, Reply, Result, Sql, input, output, refusal, refusals};
use validator::ValidationError;

refusals! {
    CONSENT_OUTDATED: 409 "consent_outdated", fr: "Le texte a changé : relisez-le avant d'accepter.", en: "The text has changed: read it again before you agree.";
}

#[input]
struct PurposePath {
    /// The purpose, such as `voice`.
    #[validate(length(min = 3, max = 40), custom(function = "is_word"))]
    purpose: String,
}

/// What a person decides.
#[input(name = "ConsentDecision")]
struct Decision {
    granted: bool,
    /// Of the text that the caller was shown; the one in force where absent.
    #[validate(range(min = 1))]
    version: Option<i32>,
}

/// What a person has decided about one purpose.
#[output(name = "Consent")]
struct Consent {
    purpose: String,
    /// Of the text in force.
    version: i32,
    /// What is asked, in the caller's language.
    text: String,
    /// Whether the caller agrees to the text in force.
    granted: bool,
    decided_version: Option<i32>,
    decided_at: Option<DateTime<Utc>>,
}

async fn list_consents(ctx: Context, _: Person) -> Result<Reply<Page<Consent>>> {
    Ok(Reply::new(Page { items: ctx.sql(LIST.bind(None::<String>)).await?.all()?, next_cursor: None }))
}

async fn get_consent(ctx: Context, _: Person, Path(which): Path<PurposePath>) -> Result<Reply<Consent>> {
    Ok(Reply::new(ctx.sql(LIST.bind(which.purpose)).await?.optional()?.ok_or(refusal::NOT_FOUND)?))
}

async fn decide_consent(
    ctx: Context,
    _: Person,
    Path(which): Path<PurposePath>,
    Json(decision): Json<Decision>,
) -> Result<Reply<Consent>> {
    let decide = DECIDE.bind(which.purpose.as_str()).bind(decision.granted).bind(decision.version);
    let [_, consent] = ctx.batch([decide, LIST.bind(which.purpose.as_str())]).await?;
    Ok(Reply::new(consent.one()?))
}

/// Lower-case letters, digits and hyphens, and not digits alone.
fn is_word(purpose: &str) -> std::result::Result<(), ValidationError> {
    let known = purpose.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let fits = known && purpose.bytes().any(|b| !b.is_ascii_digit());
    if fits { Ok(()) } else { Err(ValidationError::new("not_allowed")) }
}

const LIST: Sql =
    Sql::new("select purpose, version, text, granted, decided_version, decided_at from edge.list_consents(purpose => $1::text)");

const DECIDE: Sql = Sql::new("select edge.decide_consent(purpose => $1, granted => $2::boolean, version => $3::integer)");

#[cfg(test)]
mod tests;
