edge::function! {
    //! Registration.

    /// Opens an account and signs it in. Where addresses are verified first (setting `verify_first`), a new and a known one
    /// get the same answer, 202. The address gets a letter with a link that verifies it. A repeat with the same password under
    /// the same `Idempotency-Key` signs in to the account that the first has opened.
    POST "/auth/register" => sign_up, auth: Public, limit: 10, writes, reply: 201 or 202, sql: 2, idempotent, headers: [Cookie],
        refuses: [accounts::EMAIL_TAKEN];
    uses: [accounts::LETTERS, accounts::PASSWORDS, edge::TOKENS]
}

use accounts::{DeviceCookie, Granted, Link, Locale, SignedIn};
use edge::{Context, Email, Json, Public, Reply, Result, Sql, TimeZone, Word, input, output};
use outbox::Entry;
use serde::{Deserialize, Serialize};

const HOME: &str = "Europe/Paris";

/// A new account.
#[input(name = "SignUp")]
struct NewAccount {
    email: Email,
    /// 10 to 256 characters; one that anybody would guess is refused as `weak_password`.
    #[validate(length(min = 10, max = 256))]
    password: String,
    #[validate(length(min = 1, max = 100), custom(function = "edge::validation::one_line"))]
    name: Option<String>,
    /// Where absent, what `Accept-Language` asks for.
    locale: Option<Locale>,
    /// A name of the IANA list, as the browser has it. `Europe/Paris` where it is absent or names no zone: nobody has typed it, and
    /// it can be changed (`PUT /auth/profile`).
    #[validate(length(max = 64))]
    time_zone: Option<String>,
}

/// The account, signed in, or what it waits for.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(not(target_arch = "wasm32"), derive(edge::schemars::JsonSchema), schemars(crate = "edge::schemars", rename = "SignUpResult", extend("x-published" = true)))]
enum Registered {
    SignedIn(Box<SignedIn>),
    Waiting(Waiting),
}

/// The address is to be verified before the first sign-in.
#[output(name = "SignUpPending")]
struct Waiting {
    status: Status,
}

/// What a registration waits for.
#[output(name = "SignUpStatus")]
enum Status {
    VerifyFirst,
}

#[derive(Deserialize)]
struct Answer {
    answer: Outcome,
    replayed: bool,
    outbox: Vec<Entry>,
}

#[edge::outcome]
enum Outcome {
    Created(Box<Granted>),
    VerifyFirst,
}

async fn sign_up(ctx: Context, _: Public, Json(new): Json<NewAccount>) -> Result<Reply<Registered>> {
    accounts::refuse_guessable("password", &new.password, new.email.as_str())?;
    let link = Link::to(&ctx, "/verify-email")?;
    let refresh = accounts::first_refresh_token()?;
    let cookie = DeviceCookie::of(&ctx)?;
    let register = REGISTER
        .bind(&new.email)
        .bind(accounts::digest(&ctx, &new.password))
        .bind(refresh.hash())
        .bind(&link.hash)
        .bind(&link.url)
        .bind(&new.name)
        .bind(new.locale.map_or(ctx.language().code(), Locale::word))
        .bind(new.time_zone.as_deref().and_then(TimeZone::parse).as_ref().map_or(HOME, TimeZone::as_str))
        .bind(HOME)
        .bind(accounts::device(&ctx))
        .bind(cookie.hash())
        .bind(ctx.idempotency_key());
    let Answer { answer, replayed, outbox } = ctx.sql(register).await?.one()?;
    accounts::post_later(&ctx, outbox);
    match answer {
        Outcome::Created(granted) => {
            Ok(cookie.keep(Reply::new(Registered::SignedIn(Box::new(granted.sign_in(&ctx, &refresh)?)))).replayed(replayed))
        }
        Outcome::VerifyFirst => Ok(Reply::new(Registered::Waiting(Waiting { status: Status::VerifyFirst })).status(202)),
    }
}

const REGISTER: Sql = Sql::new(
    "select answer, answer -> 'outbox' as outbox, answer ? 'replayed' as replayed
     from edge.sign_up(
       email => $1, password => $2, refresh_hash => $3, token_hash => $4, link => $5, name => $6, locale => $7,
       time_zone => case when edge.is_time_zone($8) then $8 else $9 end, device => $10, device_hash => $11, idempotency_key => $12) as answer",
);

#[cfg(test)]
mod tests;
