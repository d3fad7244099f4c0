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

use accounts::{Link, Locale, Tier, User};
use chrono::{DateTime, Utc};
use edge::auth::Role;
use edge::{
    Admin, At, Context, Email, Id, Json, List, OnConstraint, Page, Path, Person, Privacy, Reply, Result, Sql, SqlJson, TimeZone,
    Versioned, input, output, refusal,
};
use outbox::Entry;
use serde::Deserialize;
use uuid::Uuid;

/// Who may read and erase accounts of others.
const OVERSEERS: [Role; 2] = [Role::Admin, Role::Privacy];

#[input]
struct Search {
    /// Part of the e-mail address or of the name.
    #[validate(length(min = 1, max = 100))]
    q: Option<String>,
    /// Only accounts in this state.
    state: Option<State>,
}

/// Whether an account can be used.
#[output(name = "AccountState")]
enum State {
    Active,
    Inactive,
    Banned,
    Erased,
}

/// An account for somebody, who chooses the password by a letter.
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

/// What changes; absent fields stay.
#[input(name = "AccountChange", change)]
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

/// An account, as its owner and administrators see it.
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

/// A closed account.
#[output(name = "AccountErasure")]
struct Erasure {
    /// When the data will be gone.
    erased_at: DateTime<Utc>,
    /// Closing an account ends no subscription; null where no payments go on.
    payments: Option<Payments>,
}

/// Payments that go on.
#[output(name = "AccountPayments")]
struct Payments {
    /// Where to end them.
    page: String,
}

/// An account that was opened, and the letter to its person.
#[derive(Deserialize)]
struct Opened {
    person: Account,
    outbox: Vec<Entry>,
}

impl Versioned for Account {
    fn version(&self) -> i32 {
        self.user.version
    }
}

async fn list_users(ctx: Context, _: Privacy, list: List<Search, (At, Uuid)>) -> Result<Reply<Page<Account>>> {
    let Search { q, state } = &list.filter;
    let select = LIST.bind(q).bind(state).bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let rows = ctx.sql(select).await?.values::<Account>()?;
    Ok(Reply::new(list.page(rows, |account| (At(account.created_at), account.user.id))))
}

async fn create_user(ctx: Context, _: Admin, Json(new): Json<NewAccount>) -> Result<Reply<Account>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/reset-password")?;
    let create = CREATE.bind(SqlJson(&new)).bind(&link.hash).bind(&link.url);
    let Opened { person, outbox } = named(ctx.sql(create).await)?.value()?;
    accounts::post_later(&ctx, outbox);
    let place = ["/api/v1/users/", &person.user.id.to_string()].concat();
    Ok(Reply::versioned(person).location(&place))
}

async fn get_user(ctx: Context, me: Person, Path(whose): Path<Id<Uuid>>) -> Result<Reply<Account>> {
    accounts::may_use_as(&me, whose.id, &OVERSEERS)?;
    let account = ctx.sql(READ.bind(whose.id)).await?.one::<Option<Account>>()?.ok_or(refusal::NOT_FOUND)?;
    Ok(Reply::new(account).etag_of_all(Account::version))
}

async fn update_user(
    ctx: Context,
    me: Person,
    Path(whose): Path<Id<Uuid>>,
    Json(change): Json<Change>,
) -> Result<Reply<Account>> {
    accounts::may_use(&me, whose.id)?;
    let update = UPDATE.bind(whose.id).bind(SqlJson(&change)).bind(ctx.if_match());
    Ok(Reply::versioned(named(ctx.sql(update).await)?.value::<Account>()?))
}

async fn erase_user(ctx: Context, me: Person, Path(whose): Path<Id<Uuid>>) -> Result<Reply<Erasure>> {
    accounts::may_use_as(&me, whose.id, &OVERSEERS)?;
    let page = [ctx.setting("APP_URL"), "/subscription"].concat();
    Ok(Reply::new(ctx.sql(ERASE.bind(whose.id).bind(page)).await?.value()?))
}

/// What only the database knows to be wrong.
fn named<T>(outcome: Result<T>) -> Result<T> {
    let outcome = outcome.on_field("users_time_zone_known", "time_zone", "bad_time_zone");
    outcome.on_field("users_role_known", "role", "not_allowed")
}

const LIST: Sql = Sql::new(
    "select edge.list_accounts(
       search => $1, state => $2, after_created_at => $3::timestamptz, after_id => $4::uuid, max => $5::integer) as account",
);

const CREATE: Sql = Sql::new("select edge.create_account(details => $1, token_hash => $2, link => $3)");

const READ: Sql = Sql::new("select edge.read_account($1::uuid)");

const UPDATE: Sql = Sql::new("select edge.change_account(person => $1::uuid, changes => $2, if_version => $3::text)");

const ERASE: Sql = Sql::new("select edge.erase_account(person => $1::uuid, page => $2)");

#[cfg(test)]
mod tests;
