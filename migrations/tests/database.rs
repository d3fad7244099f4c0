//! A database per test, and requests made of it the way the edge makes them.
//!
//! The first database of a program is made from the SQL files, all others are copies of it.

use std::{
    env,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::Duration,
};

use migrate::Tree;
use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::OnceCell, time::sleep};
use tokio_postgres::{Client, Config, NoTls, Transaction, error::SqlState, types::ToSql};
use uuid::Uuid;

/// The name of the migrated database that others are copies of.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

pub const NOON: &str = "2026-11-21T12:00:00Z";
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A repository's SQL for one test.
pub struct Folder(PathBuf);

impl Folder {
    /// With these files, by their paths.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(env::temp_dir().join(format!("migrations-{}", Uuid::new_v4().simple())));
        std::fs::create_dir(&folder.0).unwrap();
        for (path, sql) in files {
            folder.write(path, sql);
        }
        folder
    }

    pub fn write(&self, path: &str, sql: &str) {
        let file = self.0.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, sql).unwrap();
    }

    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.0.join(path)).unwrap();
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A database that is dropped at the end of its test.
pub struct Database {
    pub name: String,
    pub url: String,
    /// Connections of finished requests, by login: an unoptimised SCRAM costs more than most tests.
    idle: Mutex<Vec<(&'static str, Client)>>,
}

impl Database {
    pub async fn empty() -> Self {
        let name = format!("migrate_{}", Uuid::new_v4().simple());
        let url = at(&name);
        server().await.batch_execute(&format!("create database {name}")).await.unwrap();
        Self { name, url, idle: Mutex::default() }
    }

    /// As the SQL files make it.
    pub async fn migrated() -> Self {
        let template = TEMPLATE.get_or_init(Self::template).await;
        let name = format!("migrate_{}", Uuid::new_v4().simple());
        let url = at(&name);
        let create = format!("create database {name} template {template}");
        server().await.batch_execute(&create).await.unwrap();
        Self { name, url, idle: Mutex::default() }
    }

    /// The database that all others are copies of; it is named after the SQL that made it, and made where it is missing.
    async fn template() -> String {
        let tree = Tree::read(&root()).unwrap();
        let files = tree.steps.iter().map(|step| &step.file).chain(tree.definitions.iter().map(|definition| &definition.file));
        let mut hasher = DefaultHasher::new();
        files.for_each(|file| (&file.path, &file.checksum).hash(&mut hasher));
        let (name, unfinished) = (format!("migrate_template_{:x}", hasher.finish()), "migrate_template_unfinished");
        let server = server().await;
        // Programs that begin at once take turns.
        server.execute("select pg_advisory_lock(hashtext('migrate_template'))", &[]).await.unwrap();
        let earlier = "select datname::text from pg_database where datname like 'migrate\\_template\\_%'";
        let earlier: Vec<String> = server.query(earlier, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        keep(&name);
        if earlier.contains(&name) {
            return name;
        }
        for database in earlier {
            let is_free = "select pg_try_advisory_xact_lock(hashtext($1))";
            if server.query_one(is_free, &[&database]).await.unwrap().get(0) {
                server.batch_execute(&format!("drop database {database} with (force)")).await.unwrap();
            }
        }
        server.batch_execute(&format!("create database {unfinished}")).await.unwrap();
        migrate::run(&at(unfinished), &root(), |_| {}).await.unwrap();
        // A database with a connection cannot be renamed or copied, and the runner's ends a moment after it.
        let busy = "select count(*) from pg_stat_activity where datname = $1";
        while server.query_one(busy, &[&unfinished]).await.unwrap().get::<_, i64>(0) > 0 {
            sleep(Duration::from_millis(10)).await;
        }
        server.batch_execute(&format!("alter database {unfinished} rename to {name}")).await.unwrap();
        name
    }

    pub async fn migrate(&self) -> migrate::Report {
        migrate::run(&self.url, &root(), |_| {}).await.unwrap()
    }

    /// The superuser's own look into the database, its time set to `NOON`.
    pub async fn owner(&self) -> Client {
        let client = connect(&at(&self.name)).await;
        client.execute("select set_config('oree.now', $1, false)", &[&NOON]).await.unwrap();
        client
    }

    /// A connection as one of the two logins.
    pub async fn login(&self, login: &str) -> Client {
        let client = connect(&at(&self.name)).await;
        client.batch_execute(&format!("set session authorization {login}")).await.unwrap();
        client
    }

    /// One committed request with one statement, whose first cell is JSON.
    pub async fn call(&self, caller: &Caller, now: &str, sql: &str, params: Params<'_>) -> Value {
        self.answer(caller, now, sql, params).await.unwrap()
    }

    /// As [`Database::call`], or the word that was raised.
    pub async fn answer(&self, caller: &Caller, now: &str, sql: &str, params: Params<'_>) -> Result<Value, String> {
        let mut client = self.idle_or_login(caller.login).await;
        let transaction = enter(&mut client, caller, now).await.unwrap();
        let answer = transaction.query_one(sql, params).await;
        match &answer {
            Ok(_) => transaction.commit().await.unwrap(),
            Err(_) => transaction.rollback().await.unwrap(),
        }
        self.idle.lock().unwrap().push((caller.login, client));
        answer.map(|row| row.get(0)).map_err(|error| error.as_db_error().expect(sql).message().to_owned())
    }

    async fn idle_or_login(&self, login: &'static str) -> Client {
        let idle = {
            let mut idle = self.idle.lock().unwrap();
            idle.iter().position(|(name, _)| *name == login).map(|index| idle.swap_remove(index).1)
        };
        match idle {
            Some(client) => client,
            None => self.login(login).await,
        }
    }

    /// The SQLSTATE that one statement of a request ends in.
    pub async fn refusal(&self, caller: &Caller, sql: &str, params: Params<'_>) -> String {
        let mut client = self.idle_or_login(caller.login).await;
        let transaction = enter(&mut client, caller, NOON).await.unwrap();
        let code = code(&transaction.query(sql, params).await.expect_err(sql));
        transaction.rollback().await.unwrap();
        self.idle.lock().unwrap().push((caller.login, client));
        code
    }

    /// Registers a person at `NOON`.
    pub async fn person(&self, email: &str) -> Caller {
        let sql = "select edge.register(email => $1, password => 'digest', refresh_hash => $2)";
        let answer = self.call(&Caller::anon(), NOON, sql, &[&email, &hash(email)]).await;
        assert_eq!(answer["outcome"], "created");
        Caller::person(&answer)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        let _ = thread::spawn(move || {
            Runtime::new().unwrap().block_on(async { server().await.batch_execute(&statement).await.unwrap() });
        })
        .join();
    }
}

/// Keeps other programs from dropping a database for as long as this one runs.
fn keep(database: &str) {
    let (kept, is_kept) = std::sync::mpsc::channel();
    let database = database.to_owned();
    thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let server = server().await;
            server.execute("select pg_advisory_lock_shared(hashtext($1))", &[&database]).await.unwrap();
            kept.send(()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    is_kept.recv().unwrap();
}

/// Who a request is from.
#[derive(Clone, Debug)]
pub struct Caller {
    pub login: &'static str,
    pub role: &'static str,
    pub claims: Value,
}

impl Caller {
    pub fn anon() -> Self {
        Self { login: "oree_person", role: "anon", claims: json!({ "request_id": "test", "ip": "192.0.2.0" }) }
    }

    pub fn service() -> Self {
        Self { login: "oree_service", role: "service", claims: json!({ "role": "service", "request_id": "test" }) }
    }

    /// The person of a `created` or `ok` answer.
    pub fn person(answer: &Value) -> Self {
        let claims = json!({
            "sub": answer["person"]["id"], "session": answer["session"]["id"], "role": answer["person"]["role"],
            "request_id": "test", "operation": "test", "ip": "192.0.2.0",
        });
        Self { login: "oree_person", role: "authenticated", claims }
    }

    pub fn claiming(&self, name: &str, value: &str) -> Self {
        let mut caller = self.clone();
        caller.claims[name] = json!(value);
        caller
    }

    pub fn id(&self) -> Uuid {
        self.claims["sub"].as_str().unwrap().parse().unwrap()
    }

    pub fn session(&self) -> Uuid {
        self.claims["session"].as_str().unwrap().parse().unwrap()
    }
}

/// Begins a request.
pub async fn enter<'a>(client: &'a mut Client, caller: &Caller, now: &str) -> Result<Transaction<'a>, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    let sql = "select edge.enter($1::text::jsonb, $2::text::timestamptz) is not null, set_config('role', $3, true) is not null";
    transaction.query_one(sql, &[&caller.claims.to_string(), &now, &caller.role]).await?;
    Ok(transaction)
}

pub async fn connect(url: &str) -> Client {
    let (client, connection) = url.parse::<Config>().unwrap().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The server's own database, for making and dropping others.
pub async fn server() -> Client {
    connect(&database_url()).await
}

/// The server's connection string with another database, and with another user where one is given.
pub fn at(database: &str) -> String {
    let url = database_url();
    let (rest, query) = url.split_once('?').map_or((url.as_str(), String::new()), |(rest, query)| (rest, format!("?{query}")));
    let (server, _) = rest.rsplit_once('/').expect("DATABASE_URL names a database");
    format!("{server}/{database}{query}")
}

/// `at`, as another role.
pub fn at_as(database: &str, user: &str, password: &str) -> String {
    let url = at(database);
    let (_, address) = url.split_once('@').expect("DATABASE_URL names a user");
    format!("postgres://{user}:{password}@{address}")
}

fn database_url() -> String {
    env::var("DATABASE_URL").expect("DATABASE_URL leads to a PostgreSQL server, as its superuser")
}

/// Something that passes for the hash of a refresh token.
pub fn hash(seed: &str) -> String {
    format!("{seed:_<43}")
}

pub fn code(error: &tokio_postgres::Error) -> String {
    error.code().map_or_else(|| format!("no SQLSTATE: {error}"), |code: &SqlState| code.code().to_owned())
}
