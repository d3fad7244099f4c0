//! Every part of the stack lives at the same time, also where `cargo xtask test --clock` has moved it.

use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use testing::{App, Person, database, now, variable};

/// When a server says that it answered.
async fn answered(url: &str) -> DateTime<Utc> {
    let answer = reqwest::get(url).await.unwrap();
    DateTime::parse_from_rfc2822(answer.headers()["date"].to_str().unwrap()).unwrap().into()
}

#[tokio::test]
async fn every_part_has_the_same_clock() {
    let ahead = std::env::var("CLOCK_AHEAD_S").map_or(0, |seconds| seconds.parse().unwrap());
    // The kernel writes the time of a file, which nothing moves.
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clock");
    fs::write(&file, "").unwrap();
    let expected = DateTime::<Utc>::from(fs::metadata(&file).unwrap().modified().unwrap()) + TimeDelta::seconds(ahead);

    let entry = App::edge().post("/rise/kaizen").by(&Person::new().await).json(json!({"action": "Lire"})).send().await.json();
    let parts = [
        ("the tests", now()),
        ("the edge", entry["created_at"].as_str().unwrap().parse().unwrap()),
        ("the gateway", answered(&variable("SQL_URL")).await),
        ("the simulators", answered(&variable("SIMULATORS_URL")).await),
        ("PostgreSQL", database().await.query_one("select clock_timestamp()", &[]).await.unwrap().get(0)),
    ];
    for (part, time) in parts {
        assert!((time - expected).abs() < TimeDelta::seconds(20), "{part}: {time}, not {expected}");
    }
}
