//! The rules that are the same everywhere, each shown once on the edge itself.

use serde_json::json;
use testing::{App, Person};

#[tokio::test]
async fn the_eleventh_attempt_in_a_minute_is_told_when_to_come_back() {
    let app = App::edge();
    let mut last = None;
    for _ in 0..30 {
        let call = app.post("/auth/refresh").header(&ip_header(), "2001:db8:ffff:1::1");
        let answer = call.json(json!({"refresh_token": "never-issued"})).send().await;
        if answer.status == 429 {
            last = Some(answer);
            break;
        }
    }
    let refused = last.expect("thirty attempts in a few seconds were let through");
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("rate_limited", Some("60")));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"minute\";q=10;w=60"));
}

#[tokio::test]
async fn a_forwarded_for_header_does_not_give_a_fresh_limit() {
    let app = App::edge();
    let mut statuses = Vec::new();
    for attempt in 0..30 {
        let call = app.post("/auth/refresh").header(&ip_header(), "2001:db8:ffff:2::1");
        let call = call.header("x-forwarded-for", &format!("198.51.100.{attempt}")).header("x-real-ip", "198.51.100.7");
        statuses.push(call.json(json!({"refresh_token": "never-issued"})).send().await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn a_preflight_is_answered_for_listed_origins_only() {
    let app = App::edge();
    let ask = |origin: &'static str| {
        app.call("OPTIONS", "/rise/kaizen").header("origin", origin).header("access-control-request-method", "POST").send()
    };
    let allowed = ask("http://localhost:3000").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (204, Some("http://localhost:3000")));
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("authorization"));
    let refused = ask("https://evil.example").await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn errors_carry_cors_security_headers_and_a_request_id() {
    let answer = App::edge().get("/auth/me").header("origin", "http://localhost:3000").send().await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:3000"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(uuid::Uuid::parse_str(answer.header("x-request-id").unwrap()).is_ok());
}

#[tokio::test]
async fn a_head_request_has_the_headers_of_get_and_no_body() {
    let answer = App::edge().call("HEAD", "/health?live").send().await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn sentences_come_in_the_language_that_the_caller_accepts() {
    let app = App::edge();
    let ada = Person::new().await;
    for (accepted, sentence) in
        [("en", "This field is required."), ("fr-FR,en;q=0.5", "Ce champ est obligatoire."), ("de", "Ce champ est obligatoire.")]
    {
        let answer = app.post("/rise/kaizen").by(&ada).header("accept-language", accepted).json(json!({})).send().await;
        assert_eq!(answer.json()["errors"][0]["message"], sentence, "{accepted}");
        assert_eq!(answer.header("vary"), Some("Accept-Language, Origin"));
    }
}

#[tokio::test]
async fn a_request_leaves_its_id_in_the_database_while_it_runs() {
    let owner = testing::database().await;
    let ada = Person::new().await;
    owner.batch_execute("begin").await.unwrap();
    owner.execute("insert into kaizen (user_id, action, date, client_id) values ($1, 'x', '2026-01-01', '7d444840-9dc0-11d1-b245-5ffdce74fad9')", &[&ada.id]).await.unwrap();
    // This request waits for our uncommitted row.
    let waiting = tokio::spawn({
        let token = ada.token(testing::now());
        let body = r#"{"action":"x","client_id":"7d444840-9dc0-11d1-b245-5ffdce74fad9"}"#;
        let url = [&testing::variable("EDGE_URL"), "/api/v1/rise/kaizen"].concat();
        let request = reqwest::Client::new().post(url).bearer_auth(token).header("content-type", "application/json").body(body);
        async move { request.send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned() }
    });
    let looker = testing::database().await;
    let mut names = Vec::new();
    for _ in 0..100 {
        let rows = looker
            .query(
                "select a.application_name from pg_locks l join pg_stat_activity a using (pid)
                 where not l.granted and a.application_name like 'oree %'",
                &[],
            )
            .await
            .unwrap();
        names = rows.into_iter().map(|row| row.get::<_, String>(0)).collect();
        if !names.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    owner.batch_execute("rollback").await.unwrap();
    let id = waiting.await.unwrap();
    assert!(names.contains(&format!("oree {id}")), "{id} is not among {names:?}");
}

fn ip_header() -> String {
    std::env::var("CLIENT_IP_HEADER").unwrap_or_else(|_| "cf-connecting-ip".to_owned()).to_ascii_lowercase()
}
