use tokio_postgres::{Client, NoTls};

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
    let (client, connection) =
        tokio_postgres::connect(&variable("DATABASE_URL"), NoTls).await.expect("the database does not answer");
    tokio::spawn(connection);
    client
        .batch_execute("select set_config('oree.now', clock_timestamp()::text, false)")
        .await
        .expect("the database refuses its clock");
    client
}
