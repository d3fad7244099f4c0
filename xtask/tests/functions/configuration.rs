use auth::{Access, Keys, Role};
use serde_json::{Value, json};

use crate::edge::Edge;
use crate::workspace::real;

const KAIZEN: [(&str, &str); 1] = [("rise-kaizen", "/rise/kaizen")];

/// Asks for an entry with the clock moved to the year 2000, as somebody who exists or not.
async fn create(edge: &Edge, token: &str) -> (u16, Value) {
    let url = [&edge.url, "/api/v1/rise/kaizen"].concat();
    let request = reqwest::Client::new().post(url).bearer_auth(token).header("x-oree-now", "2000-01-01T12:00:00Z");
    let answer = request.json(&json!({"action": "Lire"})).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The keys of this run, under an id that production takes.
fn production_keys() -> String {
    std::env::var("JWT_KEYS").expect("run tests with `cargo xtask test`").replace("dev:", "2026:")
}

/// A token that was good on the first day of 2000, and one that is good now.
#[expect(clippy::disallowed_methods, reason = "a test stands outside, where the clock is")]
fn tokens() -> (String, String) {
    let keys = Keys::parse(&production_keys()).unwrap();
    let access = Access { person: auth::random_uuid().unwrap(), session: auth::random_uuid().unwrap(), role: Role::User };
    let now = std::time::SystemTime::now().into();
    (keys.issue(access, "2000-01-01T12:00:00Z".parse().unwrap()).0, keys.issue(access, now).0)
}

#[tokio::test]
async fn a_caller_moves_the_clock_in_the_stage_dev_only() {
    let (then, now) = tokens();
    let code = |answer: (u16, Value)| (answer.0, answer.1["code"].as_str().unwrap_or_default().to_owned());
    // Good tokens of a session that does not exist get as far as the database, which refuses them.
    for (stage, of_then, of_now) in [
        ("dev", "session_revoked", "unauthenticated"),
        ("staging", "token_expired", "session_revoked"),
        ("production", "token_expired", "session_revoked"),
    ] {
        let edge = Edge::serve_with(real(), &KAIZEN, &[("STAGE", stage), ("JWT_KEYS", &production_keys())]);
        assert_eq!(code(create(&edge, &then).await), (401, of_then.to_owned()), "{stage}");
        assert_eq!(code(create(&edge, &now).await), (401, of_now.to_owned()), "{stage}");
    }
}

#[tokio::test]
async fn in_production_the_first_request_meets_the_refusal_of_a_weak_or_a_known_secret() {
    let (_, now) = tokens();
    let zeros = format!("2026:{}=", "A".repeat(43));
    let known = std::env::var("JWT_KEYS").expect("run tests with `cargo xtask test`");
    let short = "postgres://oree_person:short@localhost/oree";
    for (name, value) in [("JWT_KEYS", known.as_str()), ("JWT_KEYS", &zeros), ("SQL_LOGIN_PERSON", short)] {
        let keys = production_keys();
        let edge = Edge::serve_with(real(), &KAIZEN, &[("STAGE", "production"), ("JWT_KEYS", &keys), (name, value)]);
        let (status, problem) = create(&edge, &now).await;
        assert_eq!((status, &problem["code"]), (503, &json!("misconfigured")), "{name}");
        assert!(!problem.to_string().contains(name), "{problem}");
        edge.logs(name).await;
    }
}

#[tokio::test]
async fn a_function_without_what_it_needs_answers_503_and_says_what_only_in_its_log() {
    let (_, now) = tokens();
    for (name, value) in [("JWT_KEYS", ""), ("SQL_LOGIN_PERSON", ""), ("SQL_URL", "not an address")] {
        let edge = Edge::serve_with(real(), &KAIZEN, &[(name, value)]);
        let (status, problem) = create(&edge, &now).await;
        assert_eq!((status, &problem["code"]), (503, &json!("misconfigured")), "{name}");
        assert!(!problem.to_string().contains(name), "{problem}");
        edge.logs(name).await;
    }
}
