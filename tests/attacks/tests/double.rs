//! The attacks on a function with every mistake: they must find each.

use std::sync::OnceLock;

use attacks::campaign::{Target, attack};
use attacks::scene::Scene;
use attacks::tally::Tally;

use edge::{Caller, Context, Credentials, Json, Path, Query, Reply, Result, Sql, SqlRole, input, output};
use laws::Subject;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use testing::App;
use validator::Validate;

edge::function! {
    //! A function with every mistake.

    /// Gives the victim's data to whoever asks.
    GET "/double/{id}" => read, auth: Person, limit: none, reads;
    /// Takes any field, makes a statement from a text, and leads wherever it is told to.
    POST "/double"     => write, auth: Person, limit: none, writes;
}

static VICTIM: OnceLock<String> = OnceLock::new();

/// Somebody, whatever the token says.
struct Person;

impl Caller for Person {
    const ROLE: SqlRole = SqlRole::Anon;

    fn authenticate(_: &Credentials) -> Result<Person> {
        Ok(Person)
    }
}

#[input]
struct Endpoint {
    id: uuid::Uuid,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Anything {
    text: String,
    #[serde(flatten)]
    #[schemars(skip)]
    _more: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Place {
    next: Option<String>,
}

#[output]
struct Seen {
    email: String,
}

async fn read(_: Context, _: Person, Path(_): Path<Endpoint>) -> Result<Reply<Seen>> {
    Ok(Reply::new(Seen { email: VICTIM.get().cloned().unwrap_or_default() }))
}

async fn write(ctx: Context, _: Person, Query(place): Query<Place>, Json(new): Json<Anything>) -> Result<Reply<Seen>> {
    ctx.sql(SEARCH.bind(&new.text)).await?;
    let reply = Reply::new(Seen { email: String::new() });
    Ok(place.next.map_or(reply, |place| Reply::new(Seen { email: String::new() }).location(&place)))
}

const SEARCH: Sql = Sql::new("select canary.search($1)");

const UNWISE: &str = "create function canary.search(text text) returns text language plpgsql as
    $$ declare found text; begin execute 'select ''' || text || '''' into found; return found; end $$";

#[tokio::test]
async fn a_function_with_every_mistake_is_found_out() {
    let _turn = crate::TURN.lock().await;
    let app = App::native(&FUNCTION);
    let scene = Scene::set(&app, &[]).await;
    testing::database().await.batch_execute(UNWISE).await.unwrap();
    VICTIM.set(scene.victim.email.clone()).unwrap();
    let mut tally = Tally::default();
    for endpoint in FUNCTION.endpoints {
        attack(&Target { app: &app, subject: &Subject::new(&FUNCTION, endpoint), scene: &scene }, &mut tally).await;
    }
    let breached = tally.breached();
    for kind in [
        "anonymous caller",
        "banned person",
        "session that has ended",
        "stranger",
        "manager of others",
        "token confusion",
        "SQL injection, body",
        "mass assignment",
        "open redirect",
        "traces in the database",
    ] {
        assert!(breached.contains(&kind), "{kind} is not found out: {breached:?}");
    }
}
