edge::function! {
    //! Registration.

    /// Opens an account and signs it in. Where addresses are verified first (setting `verify_first`), a new and a known one
    /// get the same answer, 202.
    POST "/auth/register" => register, auth: Public, limit: 10, writes, reply: 201;
    uses: [Passwords, Tokens]
}

use accounts::{Granted, Locale, SignedIn};
use edge::{
    Context, Email, Error, FieldError, Json, Message, OnConstraint, Place, Public, Reply, Result, Sql, TimeZone, input, msg,
    output,
};
use serde::{Deserialize, Serialize};

const EMAIL_TAKEN: Message =
    msg!("email_taken", fr: "Un compte existe déjà avec cette adresse.", en: "An account with this address exists already.");

const HOME: &str = "Europe/Paris";

/// The most common passwords of 10 characters and more, in public lists of leaked ones and on French keyboards.
const COMMON: &str = "\
    0123456789 0987654321 1029384756 1122334455 11223344556677 1231231231 123123123123 1234512345 1234554321 123456123456 \
    1234567890 12345678901 1234567890a 1234567891 12345678910 123456789a 123456789q 1234qwerasdf 1q2w3e4r5t 1q2w3e4r5t6y \
    1qaz2wsx3edc 1qazxsw23edc 9876543210 a123456789 abcd123456 abcdefghij adminadmin asdfghjkl; azerty1234 azerty12345 \
    azerty123456 azertyuiop bonjour123 changeme123 doudou1234 football123 iloveyou12 iloveyou123 jetaime123 letmein123 \
    loulou1234 motdepasse motdepasse1 motdepasse123 p@ssw0rd123 passw0rd123 password10 password11 password12 password123 \
    password1234 password12345 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv qwerty1234 qwerty12345 qwerty123456 qwertyuiop \
    qwertyuiop123 soleil1234 unknown123 welcome123 welcome1234";

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
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Created(Box<Granted>),
    EmailTaken,
    VerifyFirst,
}

async fn register(ctx: Context, _: Public, Json(new): Json<NewAccount>) -> Result<Reply<Registered>> {
    if is_guessable(&new.password, new.email.as_str()) {
        return Err(FieldError::new(Place::Body, "password", "weak_password").into());
    }
    let refresh = accounts::first_refresh_token()?;
    let register = REGISTER
        .bind(new.email.as_str())
        .bind(accounts::digest(&ctx, &new.password))
        .bind(refresh.hash())
        .bind(&new.name)
        .bind(new.locale.unwrap_or(Locale::Fr).code())
        .bind(new.time_zone.as_ref().map_or(HOME, TimeZone::as_str))
        .bind(accounts::device(&ctx));
    let unknown_zone = || FieldError::new(Place::Body, "time_zone", "bad_time_zone").into();
    match ctx.sql(register).await.on_constraint("users_time_zone_known", unknown_zone)?.one()? {
        Outcome::Created(granted) => Ok(Reply::new(Registered::SignedIn(Box::new(granted.sign_in(&ctx, &refresh)?)))),
        Outcome::EmailTaken => Err(Error::conflict(EMAIL_TAKEN)),
        Outcome::VerifyFirst => Ok(Reply::new(Registered::Waiting(Waiting { status: Status::VerifyFirst })).status(202)),
    }
}

const REGISTER: Sql = Sql::new(
    "select edge.register(
       email => $1, password => $2, refresh_hash => $3, name => $4, locale => $5, time_zone => $6, device => $7)",
);

/// What somebody who knows the address would try first.
fn is_guessable(password: &str, email: &str) -> bool {
    let typed = password.trim().to_ascii_lowercase();
    let mut characters = typed.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first)
        || typed == email
        || email.split('@').next() == Some(&typed)
        || COMMON.split(' ').any(|common| common == typed)
}

#[cfg(test)]
mod tests;
