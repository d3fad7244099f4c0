edge::function! {
    //! Whether this backend can serve.

    /// Asks what the functions depend on; `?live` asks nothing and only shows that the edge answers.
    GET "/health" => get_health, auth: Public, limit: none, reads, reply: 200 or 503;
}

use edge::{Context, Public, Query, Reply, Result, Sql, input, output};

#[input]
struct HealthQuery {
    /// Present, with any value or none: make no call.
    live: Option<String>,
}

/// Whether requests can be answered.
#[output(name = "Health")]
struct Health {
    status: Status,
    version: String,
    checks: Checks,
}

/// What was tried.
#[output(name = "HealthChecks")]
struct Checks {
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<Check>,
}

/// One thing that was tried.
#[output(name = "HealthCheck")]
struct Check {
    status: Status,
    /// How long the answer took, as seen from the edge.
    latency_ms: f64,
}

/// Whether something works.
#[output(name = "HealthStatus")]
enum Status {
    Ok,
    /// Works, but slower than it should.
    Degraded,
    Down,
}

/// Above this a check is called degraded.
const SLOW_MS: f64 = 500.0;

async fn get_health(ctx: Context, _: Public, Query(asked): Query<HealthQuery>) -> Result<Reply<Health>> {
    let database = if asked.live.is_some() { None } else { Some(database(&ctx).await) };
    let status = database.as_ref().map_or(Status::Ok, |check| check.status);
    let code = if status == Status::Down { 503 } else { 200 };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Reply::new(Health { status, version, checks: Checks { database } }).status(code))
}

async fn database(ctx: &Context) -> Check {
    let started = ctx.clock();
    let answer = ctx.sql(ALIVE).await;
    let latency_ms = ctx.clock() - started;
    let status = match answer {
        Err(error) => {
            ctx.warn(&error);
            Status::Down
        }
        Ok(_) if latency_ms > SLOW_MS => Status::Degraded,
        Ok(_) => Status::Ok,
    };
    Check { status, latency_ms }
}

const ALIVE: Sql = Sql::new("select 1");

#[cfg(test)]
mod tests;
