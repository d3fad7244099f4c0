edge::function! {
    //! Accounts, for administrators and for their owners. Privacy operations find, read and erase them. Each time somebody else's
    //! account is used, the audit log says so.

    /// Accounts whose e-mail or name contains `q`, newest first.
    GET    "/users"      => list_users,  auth: Privacy, limit: 60,  writes;
    /// Opens an account for somebody, who chooses the password by the link in a letter. People open their own by
    /// `POST /auth/register`.
    POST   "/users"      => create_user, auth: Admin,   limit: 60,  writes, reply: 201, sql: 2, headers: [ETag, Location],
        refuses: [accounts::EMAIL_TAKEN];
    /// One's own account, or for administrators and privacy operations anybody's.
    GET    "/users/{id}" => get_user,    auth: Person,  limit: 300, writes, headers: [ETag],
        refuses: [refusal::FORBIDDEN, refusal::NOT_FOUND];
    /// Changes the fields that are given; an empty text takes a name, phone or country away. From `role` on they are an
    /// administrator's, for others than themselves. With `If-Match`, only the version that it names.
    PUT    "/users/{id}" => update_user, auth: Person,  limit: 60,  writes, headers: [ETag, IfMatch],
        refuses: [refusal::FORBIDDEN, refusal::NOT_FOUND];
    /// Closes the account and ends its sessions at once. Its data are deleted at `erased_at`; until then its person opens it again
    /// by signing in with `restore`, or an administrator does. A subscription goes on: `payments` says where to end it.
    /// `GET /account/export` gives everything to take along before. An organisation that nobody else manages is handed
    /// over to the member who joined first, or goes with the data where nobody can sign in.
    DELETE "/users/{id}" => erase_user,  auth: Person,  limit: 10,  writes, reply: 202, refuses: [refusal::FORBIDDEN];
    uses: [accounts::LETTERS]
}

use accounts::{EMAIL_TAKEN, Link, Locale, Tier, User};
use chrono::{DateTime, Utc};
use edge::auth::Role;
use edge::{
    Admin, Context, Cursor, Email, Error, FieldError, Json, OnConstraint, Page, Path, Person, Place, Privacy, Query, Reply,
    Result, Sql, TimeZone, input, output, refusal,
};
use outbox::Entry;
use serde::Deserialize;
use uuid::Uuid;

/// Who may read and erase accounts of others.
const OVERSEERS: [Role; 2] = [Role::Admin, Role::Privacy];

const PAGE: u32 = 20;

#[input]
struct Search {
    /// Part of the e-mail address or of the name.
    #[validate(length(min = 1, max = 100))]
    q: Option<String>,
    /// Only accounts in this state.
    state: Option<State>,
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[output(name = "AccountState")]
enum State {
    Active,
    Inactive,
    Banned,
    Erased,
}

#[input(name = "NewAccount")]
struct NewAccount {
    email: Email,
    #[validate(length(min = 1, max = 100), custom(function = "edge::validation::one_line"))]
    name: Option<String>,
    /// `fr` where absent.
    locale: Option<Locale>,
    /// `Europe/Paris` where absent.
    time_zone: Option<TimeZone>,
    /// `user` where absent.
    role: Option<Role>,
    /// `FREE` where absent.
    tier: Option<Tier>,
}

#[input]
struct AccountPath {
    /// The account.
    id: Uuid,
}

#[input(name = "AccountChange")]
struct Change {
    #[validate(length(max = 100), custom(function = "accounts::name"))]
    name: Option<String>,
    #[validate(length(max = 32), custom(function = "accounts::phone"))]
    phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[validate(length(max = 2), custom(function = "accounts::country"))]
    country: Option<String>,
    locale: Option<Locale>,
    time_zone: Option<TimeZone>,
    role: Option<Role>,
    tier: Option<Tier>,
    is_active: Option<bool>,
    is_banned: Option<bool>,
    /// Takes an erasure back.
    restore: Option<bool>,
}

#[output(name = "Account")]
struct Account {
    #[serde(flatten)]
    user: User,
    is_active: bool,
    is_banned: bool,
    created_at: DateTime<Utc>,
    /// When its erasure was asked for.
    deleted_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Row {
    account: Account,
}

#[output(name = "AccountErasure")]
struct Erasure {
    /// When the data will be gone.
    erased_at: DateTime<Utc>,
    /// Closing an account ends no subscription; null where no payments go on.
    payments: Option<Payments>,
}

#[output(name = "AccountPayments")]
struct Payments {
    /// Where to end them.
    page: String,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Ok {
        person: Box<Account>,
    },
    Created {
        person: Box<Account>,
        outbox: Vec<Entry>,
    },
    EmailTaken,
    Empty,
    NotFound,
    Stale,
    #[serde(untagged)]
    Erased(Erasure),
}

async fn list_users(ctx: Context, _: Privacy, Query(search): Query<Search>) -> Result<Reply<Page<Account>>> {
    let filters = (&search.q, search.state);
    let after: Option<(DateTime<Utc>, Uuid)> = search.cursor.as_ref().map(|cursor| cursor.open(&filters)).transpose()?;
    let limit = search.limit.unwrap_or(PAGE);
    let state = search.state.map(|state| match state {
        State::Active => "active",
        State::Inactive => "inactive",
        State::Banned => "banned",
        State::Erased => "erased",
    });
    let list =
        LIST.bind(&search.q).bind(state).bind(after.map(|(at, _)| at)).bind(after.map(|(_, id)| id)).bind(i64::from(limit) + 1);
    let rows = ctx.sql(list).await?.all::<Row>()?.into_iter().map(|row| row.account).collect();
    Ok(Reply::new(Page::new(rows, limit, &filters, |account| (account.created_at, account.user.id))))
}

async fn create_user(ctx: Context, _: Admin, Json(new): Json<NewAccount>) -> Result<Reply<Account>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/reset-password")?;
    let create = CREATE
        .bind(new.email.as_str())
        .bind(&new.name)
        .bind(new.locale.map(Locale::code))
        .bind(new.time_zone.as_ref().map(TimeZone::as_str))
        .bind(new.role.map(Role::name))
        .bind(new.tier.map(Tier::name))
        .bind(&link.hash)
        .bind(&link.url);
    match named(ctx.sql(create).await)?.one()? {
        Outcome::Created { person, outbox } => {
            accounts::post_later(&ctx, outbox);
            let place = ["/api/v1/users/", &person.user.id.to_string()].concat();
            Ok(Reply::new(*person).etag(|account| account.user.version).location(&place))
        }
        other => Err(refusal(&other)),
    }
}

async fn get_user(ctx: Context, me: Person, Path(whose): Path<AccountPath>) -> Result<Reply<Account>> {
    accounts::may_use_as(&me, whose.id, &OVERSEERS)?;
    match ctx.sql(READ.bind(whose.id)).await?.one::<Option<Account>>()? {
        Some(account) => Ok(Reply::new(account).etag_of_all(|account| account.user.version)),
        None => Err(refusal::NOT_FOUND.into()),
    }
}

async fn update_user(
    ctx: Context,
    me: Person,
    Path(whose): Path<AccountPath>,
    Json(change): Json<Change>,
) -> Result<Reply<Account>> {
    accounts::may_use(&me, whose.id)?;
    let update = UPDATE
        .bind(whose.id)
        .bind(&change.name)
        .bind(&change.phone)
        .bind(&change.country)
        .bind(change.locale.map(Locale::code))
        .bind(change.time_zone.as_ref().map(TimeZone::as_str))
        .bind(change.role.map(Role::name))
        .bind(change.tier.map(Tier::name))
        .bind(change.is_active)
        .bind(change.is_banned)
        .bind(change.restore)
        .bind(ctx.if_match());
    match named(ctx.sql(update).await)?.one()? {
        Outcome::Ok { person } => Ok(Reply::new(*person).etag(|account| account.user.version)),
        other => Err(refusal(&other)),
    }
}

async fn erase_user(ctx: Context, me: Person, Path(whose): Path<AccountPath>) -> Result<Reply<Erasure>> {
    accounts::may_use_as(&me, whose.id, &OVERSEERS)?;
    let page = [ctx.setting("APP_URL"), "/subscription"].concat();
    match ctx.sql(ERASE.bind(whose.id).bind(page)).await?.one()? {
        Outcome::Erased(erasure) => Ok(Reply::new(erasure)),
        other => Err(refusal(&other)),
    }
}

/// What only the database knows to be wrong.
fn named<T>(outcome: Result<T>) -> Result<T> {
    let wrong = |field: &'static str, code: &'static str| move || FieldError::new(Place::Body, field, code).into();
    outcome
        .on_constraint("users_time_zone_known", wrong("time_zone", "bad_time_zone"))
        .on_constraint("users_role_known", wrong("role", "not_allowed"))
}

fn refusal(outcome: &Outcome) -> Error {
    match outcome {
        Outcome::EmailTaken => Error::from(EMAIL_TAKEN),
        Outcome::Stale => Error::from(refusal::PRECONDITION_FAILED),
        Outcome::Empty => FieldError::new(Place::Body, "", "nothing_to_change").into(),
        Outcome::NotFound => Error::from(refusal::NOT_FOUND),
        _ => Error::internal("an outcome of another operation"),
    }
}

const LIST: Sql = Sql::new(
    "select edge.list_accounts(
       search => $1, state => $2, after_created_at => $3::timestamptz, after_id => $4::uuid, max => $5::integer) as account",
);

const CREATE: Sql = Sql::new(
    "select edge.create_account(
       details => jsonb_strip_nulls(jsonb_build_object(
         'email', $1::text, 'name', $2::text, 'locale', $3::text, 'time_zone', $4::text, 'role', $5::text, 'tier', $6::text)),
       token_hash => $7, link => $8)",
);

const READ: Sql = Sql::new("select edge.read_account($1::uuid)");

const UPDATE: Sql = Sql::new(
    "select edge.change_account(
       person => $1::uuid,
       changes => jsonb_strip_nulls(jsonb_build_object(
         'name', $2::text, 'phone', $3::text, 'country', upper($4::text), 'locale', $5::text, 'time_zone', $6::text,
         'role', $7::text, 'tier', $8::text, 'is_active', $9::boolean, 'is_banned', $10::boolean, 'restore', $11::boolean)),
       if_version => $12::text)",
);

const ERASE: Sql = Sql::new("select edge.erase_account(person => $1::uuid, page => $2)");

#[cfg(test)]
mod tests;
