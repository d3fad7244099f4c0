use edge::auth::Role;
use serde_json::{Value, json};
use testing::{App, Person, database};

use super::FUNCTION;

/// Four days of one endpoint, three measures each.
async fn history() -> String {
    let endpoint = edge::auth::random_uuid().unwrap().simple().to_string();
    let insert = "insert into job_latencies (day, kind, endpoint, measure, jobs, p50_ms, p95_ms, max_ms)
         select date '2026-06-01' + n, 'scene', $1, measure, 10, 100 * n, 200 * n, 300 * n
         from generate_series(1, 4) as n, unnest('{queue_delay,execution_time,response_time}'::text[]) as measure";
    database().await.execute(insert, &[&endpoint]).await.unwrap();
    endpoint
}

fn shown(page: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(|row| (text(&row["day"]), text(&row["measure"]))).collect()
}

#[tokio::test]
async fn an_admin_reads_the_history_in_pages_latest_day_first() {
    let (endpoint, grace) = (history().await, Person::admin().await);
    let app = App::native(&FUNCTION);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/latencies?endpoint={endpoint}&from=2026-06-03&to=2026-06-05&limit=2{cursor}");
        let page = app.get(&path).by(&grace).send().await.json();
        seen.extend(shown(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let days = ["2026-06-05", "2026-06-04", "2026-06-03"];
    let measures = ["execution_time", "queue_delay", "response_time"];
    let expected: Vec<(String, String)> =
        days.iter().flat_map(|day| measures.iter().map(|measure| ((*day).to_owned(), (*measure).to_owned()))).collect();
    assert_eq!(seen, expected);

    let first = app.get(&format!("/latencies?endpoint={endpoint}&limit=1&kind=scene")).by(&grace).send().await.json();
    let row = &first["items"][0];
    assert_eq!(
        (&row["jobs"], &row["p50_ms"], &row["p95_ms"], &row["max_ms"]),
        (&json!(10), &json!(400), &json!(800), &json!(1200))
    );
    let none = app.get(&format!("/latencies?endpoint={endpoint}&kind=audio")).by(&grace).send().await.json();
    assert_eq!(none, json!({"items": [], "next_cursor": null}));
}

#[tokio::test]
async fn a_range_that_is_none_and_a_cursor_of_another_list_are_refused() {
    let (endpoint, grace) = (history().await, Person::admin().await);
    let app = App::native(&FUNCTION);
    let page = app.get(&format!("/latencies?endpoint={endpoint}&limit=1")).by(&grace).send().await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    for (query, refusal) in [
        ("from=2026-06-02&to=2026-06-01".to_owned(), "from:from_after_to"),
        (format!("kind=scene&cursor={cursor}"), "cursor:bad_cursor"),
        ("kind=dance".to_owned(), "kind:not_allowed"),
        ("limit=101".to_owned(), "limit:range"),
    ] {
        let answer = app.get(&format!("/latencies?{query}")).by(&grace).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{query}");
    }
}

#[tokio::test]
async fn nobody_else_reads_it() {
    for role in [Role::User, Role::Manager, Role::Privacy] {
        let answer = App::native(&FUNCTION).get("/latencies").by(&Person::of(role, "Europe/Paris").await).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    }
}

#[tokio::test]
async fn who_reads_quality_reports_reads_it_and_a_demoted_one_does_not() {
    let (endpoint, quinn) = (history().await, Person::of(Role::Qa, "Europe/Paris").await);
    let path = format!("/latencies?endpoint={endpoint}&limit=1");
    let answer = App::native(&FUNCTION).get(&path).by(&quinn).send().await;
    assert_eq!((answer.status, shown(&answer.json()).len()), (200, 1), "{answer:?}");
    database().await.execute("update users set role = 'user' where id = $1", &[&quinn.id]).await.unwrap();
    assert_eq!(App::native(&FUNCTION).get(&path).by(&quinn).send().await.code(), "session_revoked");
}
