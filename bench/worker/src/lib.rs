//! The bench's endpoints as one would write them with the `worker` crate: its router, its `Request` and `Response`, its
//! `Fetch`, serde for JSON.

mod auth;
mod database;
mod kaizen;
mod problem;
mod scene;
mod streak;

use serde_json::json;
use uuid::Uuid;
use worker::{Context, Date, Env, Request, Response, Result, RouteContext, Router, console_log, event};

use problem::Problem;

/// What a handler knows of the request it answers.
pub struct Call {
    pub request_id: String,
    /// Milliseconds since 1970.
    pub now: u64,
}

type Route = RouteContext<Call>;

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> Result<Response> {
    let call = Call { request_id: Uuid::new_v4().to_string(), now: Date::now().as_millis() };
    let (request_id, started) = (call.request_id.clone(), call.now);
    let (method, path, origin) = (request.method(), request.path(), request.headers().get("origin")?);
    let hosts = env.var("ALLOWED_HOSTS")?.to_string();
    let host = request.headers().get("host")?.unwrap_or_default();
    let origins = env.var("ALLOWED_ORIGINS")?.to_string();
    let mut answer =
        if hosts.split(',').any(|known| known == host) {
            Router::with_data(call)
                .get("/api/v1/health", |request, _| {
                    let live = request.url()?.query_pairs().any(|(name, _)| name == "live");
                    if !live {
                        return Response::error("not here", 501);
                    }
                    Response::from_json(&json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "checks": {}}))
                })
                .get_async("/api/v1/rise/kaizen/streak/:id", |request, route| async move {
                    answer(streak::streak(request, &route).await, &route)
                })
                .get_async("/api/v1/rise/kaizen/:id", |request, route| async move {
                    answer(kaizen::list(request, &route).await, &route)
                })
                .post_async("/api/v1/rise/kaizen", |request, route| async move {
                    answer(kaizen::create(request, &route).await, &route)
                })
                .post_async("/api/v1/generate/scene", |request, route| async move {
                    answer(scene::generate(request, &route).await, &route)
                })
                .run(request, env)
                .await?
        } else {
            Problem::new(400, "unknown_host").answer(&request_id)?
        };
    let headers = answer.headers_mut();
    headers.set("x-request-id", &request_id)?;
    headers.set("vary", "Accept-Language, Origin")?;
    headers.set("x-content-type-options", "nosniff")?;
    headers.set("referrer-policy", "no-referrer")?;
    headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'")?;
    headers.set("strict-transport-security", "max-age=63072000; includeSubDomains")?;
    headers.set("cache-control", "no-store")?;
    if let Some(origin) = origin.filter(|origin| origins.split(',').any(|known| known == origin)) {
        headers.set("access-control-allow-origin", &origin)?;
    }
    let status = answer.status_code();
    let ms = Date::now().as_millis() - started;
    let line = json!({"time": started, "request_id": request_id, "method": method.to_string(), "path": path, "status": status, "ms": ms});
    console_log!("{line}");
    Ok(answer)
}

fn answer(outcome: std::result::Result<Response, Problem>, route: &Route) -> Result<Response> {
    outcome.or_else(|problem| problem.answer(&route.data.request_id))
}
