use serde_json::{Value, json};
use testing::{App, Person};

mod oracle;

use super::FUNCTION;

const NOW: &str = "2026-06-10T12:00:00Z";

async fn dashboard(person: &Person) -> Value {
    let answer = App::native(&FUNCTION).at(NOW).get("/wellness/dashboard").by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn an_empty_one_says_what_to_try() {
    let empty = dashboard(&Person::new().await).await;
    assert_eq!(
        (&empty["modules"], &empty["mood"], &empty["current_streak"], &empty["week"]["minutes"]),
        (&json!([]), &Value::Null, &json!(0), &json!(0))
    );
    assert_eq!(empty["try_first"]["module"], "breathing-vr-sessions");
}

/// Five years of two sessions and a scan a day.
const YEARS: &str = "
    with days as (select ('2026-06-10'::date - n) as date from generate_series(0, 1824) as n),
    a as (insert into meditation_sessions (user_id, technique, duration, started_at, date, state, ended_at, duration_seconds, mood_before, mood_after)
      select $1, 'mantra', 600, date + time '08:00', date, 'completed', date + time '08:10', 600, 40, 60 from days),
    b as (insert into breathing_vr_sessions (user_id, pattern, timing, started_at, date, state, ended_at, duration_seconds, cycles_completed)
      select $1, 'calm', '{\"in\": 4, \"out\": 6}', date + time '09:00', date, case extract(dow from date) when 0 then 'abandoned' else 'completed' end,
        date + time '09:05', 300, 30 from days)
    insert into emotion_scans (user_id, scan_type, date, scanned_at, emotions, mood)
    select $1, 'manual', date, date + time '10:00', '[]', 50 from days";

#[tokio::test]
async fn every_number_is_its_modules_own_also_after_five_years_of_daily_use() {
    let ada = Person::new().await;
    let owner = testing::database_at(NOW).await;
    owner.execute(YEARS, &[&ada.id]).await.unwrap();
    owner.batch_execute("analyze meditation_sessions; analyze breathing_vr_sessions; analyze emotion_scans").await.unwrap();
    let told = dashboard(&ada).await;
    for module in told["modules"].as_array().unwrap() {
        let table = module["module"].as_str().unwrap().replace('-', "_");
        let own: Value = owner
            .query_one("select edge.session_totals($1, 'favorite', $2, '2026-06-10')", &[&table, &ada.id])
            .await
            .unwrap()
            .get(0);
        let mut module = module.clone();
        module.as_object_mut().unwrap().remove("module");
        for (name, value) in own.as_object().unwrap() {
            assert_eq!((value.as_f64(), value.as_str()), (module[name].as_f64(), module[name].as_str()), "{table} {name}");
        }
    }
    assert_eq!(
        told["modules"].as_array().unwrap().iter().map(|module| module["totalSessions"].clone()).collect::<Vec<_>>(),
        [json!(1564), json!(1825)]
    );
    assert_eq!(
        (&told["longest_streak"], &told["current_streak"], &told["week"]),
        (&json!(1825), &json!(1825), &json!({"sessions": 6, "minutes": 45, "days": 3}))
    );
    assert_eq!((&told["mood"], &told["moods"]), (&json!(55.0), &json!(14)));

    // What the database takes of it, as its person: to be read (RUST_TEST_NOCAPTURE=1), for a busy machine would fail for nothing.
    let mut times = Vec::new();
    for person in [&ada, &Person::new().await] {
        let client = testing::database_as_person().await;
        let enter = "select edge.enter(jsonb_build_object('sub', $1::uuid, 'session', $2::uuid), $3::text::timestamptz) is not null, set_config('role', 'authenticated', true)";
        client.batch_execute("begin").await.unwrap();
        client.query(enter, &[&person.id, &person.session, &NOW]).await.unwrap();
        let mut best = f64::MAX;
        for _ in 0..5 {
            let explain = format!("explain (analyze, format json) {}", super::DASHBOARD.text());
            let plan: Value = client.query_one(&explain, &[]).await.unwrap().get(0);
            let took = plan[0]["Planning Time"].as_f64().unwrap() + plan[0]["Execution Time"].as_f64().unwrap();
            best = best.min(took);
        }
        times.push(best);
    }
    println!("dashboard: {:.1} ms with five years, {:.1} ms empty", times[0], times[1]);
}
