//! The bench's endpoints with axum, tokio-postgres and deadpool. As with FastAPI, the database login bypasses row level
//! security: the session is checked by a statement of its own, and every statement names the person.

mod http;
mod kaizen;
mod person;
mod scene;

use std::{collections::HashMap, env, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Query},
    middleware::from_fn_with_state,
    routing::{get, post},
    serve::ListenerExt,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use jwt_compact::alg::Hs256Key;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_postgres::NoTls;

use http::Problem;
use person::Limit;
use scene::{Neutral, RunPod};

pub struct App {
    pool: Pool,
    keys: HashMap<String, Hs256Key>,
    hosts: Vec<String>,
    origins: Vec<String>,
    public_url: String,
    link_key: Vec<u8>,
    runpod: RunPod,
    neutral: Neutral,
}

impl App {
    fn from_environment() -> Result<App> {
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(variable("DATABASE_URL")?.parse()?, NoTls, manager);
        let key = |entry: &str| {
            let (id, key) = entry.split_once(':').context("a key without an id")?;
            Ok((id.to_owned(), Hs256Key::new(BASE64_STANDARD.decode(key)?)))
        };
        let list = |name| Ok::<_, anyhow::Error>(variable(name)?.split(',').map(str::to_owned).collect());
        Ok(App {
            pool: Pool::builder(manager).max_size(16).build()?,
            keys: variable("JWT_KEYS")?.split(',').map(key).collect::<Result<_>>()?,
            hosts: list("ALLOWED_HOSTS")?,
            origins: list("ALLOWED_ORIGINS")?,
            public_url: variable("PUBLIC_URL")?,
            link_key: BASE64_STANDARD.decode(variable("LINK_KEY")?)?,
            runpod: RunPod::from_environment()?,
            neutral: Neutral::new()?,
        })
    }
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set"))
}

#[derive(Deserialize)]
struct Checks {
    live: Option<String>,
}

async fn health(Query(checks): Query<Checks>) -> Result<Json<Value>, Problem> {
    checks.live.ok_or(Problem::new(501, "not_here"))?;
    Ok(Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "checks": {}})))
}

fn router(app: Arc<App>, scale: u32) -> Router {
    let limited = |most: u32| from_fn_with_state((app.clone(), Arc::new(Limit::new(most * scale))), person::limited);
    Router::new()
        .route("/api/v1/rise/kaizen/streak/{id}", get(kaizen::streak).layer(limited(300)))
        .route("/api/v1/rise/kaizen/{id}", get(kaizen::list).layer(limited(300)))
        .route("/api/v1/rise/kaizen", post(kaizen::create).layer(limited(60)))
        .route("/api/v1/generate/scene", post(scene::generate).layer(limited(10)))
        .route("/api/v1/health", get(health))
        .fallback(async || Problem::new(404, "not_found"))
        .layer(DefaultBodyLimit::max(65_536))
        .layer(from_fn_with_state(app.clone(), http::everywhere))
        .with_state(app)
}

#[tokio::main]
async fn main() -> Result<()> {
    let scale = env::var("LIMIT_SCALE").map_or(Ok(1), |scale| scale.parse())?;
    let router = router(Arc::new(App::from_environment()?), scale);
    let listener = TcpListener::bind(("127.0.0.1", variable("PORT")?.parse()?)).await?;
    let at_once = |stream: &mut tokio::net::TcpStream| drop(stream.set_nodelay(true));
    axum::serve(listener.tap_io(at_once), router).await?;
    Ok(())
}
