edge::function! {
    //! Registration.

    /// Opens an account and signs it in. Where addresses are verified first (setting `verify_first`), a new and a known one
    /// get the same answer, 202. The address gets a letter with a link that verifies it.
    POST "/auth/register" => register, auth: Public, limit: 10, writes, reply: 201 or 202, sql: 2;
    uses: [Mail, Passwords, Tokens]
}

use accounts::{DeviceCookie, Granted, Link, Locale, SignedIn};
use edge::{
    Context, Email, Error, FieldError, Json, Message, OnConstraint, Place, Public, Reply, Result, Sql, TimeZone, input, msg,
    output,
};
use outbox::Entry;
use serde::{Deserialize, Serialize};

const EMAIL_TAKEN: Message = msg!("email_taken", fr: "Un compte existe déjà avec cette adresse : connectez-vous, ou demandez un nouveau mot de passe.", en: "An account with this address exists already: sign in, or ask for a new password.");

const HOME: &str = "Europe/Paris";

#[input]
struct NewAccount {
    email: Email,
    /// 10 to 256 characters; one that anybody would guess is refused as `weak_password`.
    #[validate(length(min = 10, max = 256))]
    password: String,
    #[validate(length(min = 1, max = 100), custom(function = "edge::validation::not_blank"))]
    name: Option<String>,
    /// `fr` where absent.
    locale: Option<Locale>,
    /// `Europe/Paris` where absent.
    time_zone: Option<TimeZone>,
}

#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(not(target_arch = "wasm32"), derive(edge::schemars::JsonSchema), schemars(crate = "edge::schemars"))]
enum Registered {
    SignedIn(Box<SignedIn>),
    Waiting(Waiting),
}

/// The address is to be verified before the first sign-in.
#[output]
struct Waiting {
    status: Status,
}

#[output]
enum Status {
    VerifyFirst,
}

#[derive(Deserialize)]
struct Answer {
    answer: Outcome,
    outbox: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Created(Box<Granted>),
    EmailTaken,
    VerifyFirst,
}

async fn register(ctx: Context, _: Public, Json(new): Json<NewAccount>) -> Result<Reply<Registered>> {
    accounts::refuse_guessable("password", &new.password, new.email.as_str())?;
    let link = Link::to(&ctx, "/verify-email")?;
    let refresh = accounts::first_refresh_token()?;
    let cookie = DeviceCookie::of(&ctx)?;
    let register = REGISTER
        .bind(new.email.as_str())
        .bind(accounts::digest(&ctx, &new.password))
        .bind(refresh.hash())
        .bind(&link.hash)
        .bind(&link.url)
        .bind(&new.name)
        .bind(new.locale.unwrap_or(Locale::Fr).code())
        .bind(new.time_zone.as_ref().map_or(HOME, TimeZone::as_str))
        .bind(accounts::device(&ctx))
        .bind(cookie.hash());
    let unknown_zone = || FieldError::new(Place::Body, "time_zone", "bad_time_zone").into();
    let Answer { answer, outbox } = ctx.sql(register).await.on_constraint("users_time_zone_known", unknown_zone)?.one()?;
    accounts::post_later(&ctx, outbox);
    match answer {
        Outcome::Created(granted) => {
            Ok(cookie.keep(Reply::new(Registered::SignedIn(Box::new(granted.sign_in(&ctx, &refresh)?)))))
        }
        Outcome::EmailTaken => Err(Error::conflict(EMAIL_TAKEN)),
        Outcome::VerifyFirst => Ok(Reply::new(Registered::Waiting(Waiting { status: Status::VerifyFirst })).status(202)),
    }
}

const REGISTER: Sql = Sql::new(
    "select answer, answer -> 'outbox' as outbox
     from edge.sign_up(
       email => $1, password => $2, refresh_hash => $3, token_hash => $4, link => $5, name => $6, locale => $7,
       time_zone => $8, device => $9, device_hash => $10) as answer",
);

#[cfg(test)]
mod tests;
