use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Config, NoTls};

/// The real time, as the edge has it.
#[expect(clippy::disallowed_methods, reason = "a test stands outside, where the clock is")]
pub fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

/// A variable that `cargo xtask test` sets.
///
/// # Panics
/// Where it is not set: a test without its database must fail.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests with `cargo xtask test`"))
}

/// The database as its owner sees it, for preparing and for looking. Its clock is the real one.
///
/// # Panics
/// Where there is no database.
pub async fn database() -> Client {
    let client = connect(variable("DATABASE_URL").parse().expect("DATABASE_URL is not a connection string")).await;
    client
        .batch_execute("select set_config('oree.now', clock_timestamp()::text, false)")
        .await
        .expect("the database refuses its clock");
    client
}

/// The same with its clock moved to `now`, in RFC 3339, as [`App::at`](crate::App::at) moves a request's.
///
/// # Panics
/// Where there is no database, or `now` is no time.
pub async fn database_at(now: &str) -> Client {
    let client = database().await;
    client.execute("select set_config('oree.now', $1, false)", &[&now]).await.expect("the database refuses this time");
    client
}

/// The database through the login that functions use for people: alone it may do nothing.
///
/// # Panics
/// Where there is no database.
pub async fn database_as_person() -> Client {
    let login: Config = variable("SQL_LOGIN_PERSON").parse().expect("SQL_LOGIN_PERSON is not a connection string");
    let mut config: Config = variable("DATABASE_URL").parse().expect("DATABASE_URL is not a connection string");
    config.user(login.get_user().unwrap_or_default()).password(login.get_password().unwrap_or_default());
    connect(config).await
}

async fn connect(config: Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("the database does not answer");
    tokio::spawn(connection);
    client
}
