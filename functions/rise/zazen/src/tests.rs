use serde_json::{Value, json};
use testing::{App, Person};

use super::FUNCTION;

const NOON: &str = "2026-06-10T10:00:00Z";

/// A session: start, seconds, trigger, moods before and after.
type Sat<'a> = (&'a str, i32, Option<&'a str>, Option<i16>, Option<i16>);

async fn sat(person: &Person, sessions: &[Sat<'_>]) {
    let owner = testing::database().await;
    for (start, seconds, trigger, before, after) in sessions {
        owner
            .execute(
                "insert into zazen_sessions (user_id, \"timestamp\", ended_at, date, triggered_by, mood_before, mood_after)
                 values ($1, $2::text::timestamptz, $2::text::timestamptz + make_interval(secs => $3::int), $2::text::date, $4, $5, $6)",
                &[&person.id, start, seconds, trigger, before, after],
            )
            .await
            .unwrap();
    }
}

async fn stats(person: &Person, query: &str) -> Value {
    let answer = App::native(&FUNCTION).at(NOON).get(&format!("/rise/zazen/stats/{}{query}", person.id)).by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn an_empty_account_answers_zeros() {
    let stats = stats(&Person::new().await, "?weeks=1").await;
    assert_eq!(
        stats,
        json!({
            "sessions": 0, "total_seconds": 0, "total_minutes": 0, "average_duration": 0.0, "longest_duration": 0, "days": 0,
            "weekly_frequency": 0.0, "mood": {"sessions": 0, "before": 0.0, "after": 0.0, "change": 0.0}, "by_trigger": [],
            "by_week": [{"week": "2026-06-08", "sessions": 0, "minutes": 0}],
        })
    );
}

#[tokio::test]
async fn sessions_are_added_up_by_trigger_week_and_mood() {
    let ada = Person::new().await;
    sat(
        &ada,
        &[
            ("2026-05-27T06:00:00Z", 100, Some("stress"), Some(2), Some(4)),
            ("2026-06-08T06:00:00Z", 100, Some("stress"), Some(1), Some(4)),
            ("2026-06-08T18:00:00Z", 400, None, Some(3), None),
            ("2026-06-10T06:00:00Z", 119, Some("decision"), None, None),
        ],
    )
    .await;
    let stats = stats(&ada, "?weeks=3").await;
    assert_eq!((&stats["sessions"], &stats["total_seconds"], &stats["total_minutes"]), (&json!(4), &json!(719), &json!(11)));
    assert_eq!(
        (&stats["average_duration"], &stats["longest_duration"], &stats["days"]),
        (&json!(179.75), &json!(400), &json!(3))
    );
    assert_eq!(stats["weekly_frequency"], 1.33, "four in three weeks");
    assert_eq!(stats["mood"], json!({"sessions": 2, "before": 1.5, "after": 4.0, "change": 2.5}));
    let none = json!({"sessions": 0, "before": 0.0, "after": 0.0, "change": 0.0});
    assert_eq!(
        stats["by_trigger"],
        json!([
            {"triggered_by": "stress", "sessions": 2, "minutes": 3, "average_duration": 100.0, "mood": stats["mood"]},
            {"triggered_by": "decision", "sessions": 1, "minutes": 1, "average_duration": 119.0, "mood": none},
            {"triggered_by": null, "sessions": 1, "minutes": 6, "average_duration": 400.0, "mood": none},
        ])
    );
    assert_eq!(
        stats["by_week"],
        json!([
            {"week": "2026-06-08", "sessions": 3, "minutes": 10},
            {"week": "2026-06-01", "sessions": 0, "minutes": 0},
            {"week": "2026-05-25", "sessions": 1, "minutes": 1},
        ])
    );
}

#[tokio::test]
async fn a_range_counts_only_its_days() {
    let ada = Person::new().await;
    sat(&ada, &[("2026-06-01T06:00:00Z", 60, None, None, None), ("2026-06-09T06:00:00Z", 120, None, None, None)]).await;
    let range = stats(&ada, "?from=2026-06-01&to=2026-06-07&weeks=1").await;
    assert_eq!((&range["sessions"], &range["total_minutes"], &range["weekly_frequency"]), (&json!(1), &json!(1), &json!(1.0)));
    assert_eq!(range["by_week"], json!([{"week": "2026-06-01", "sessions": 1, "minutes": 1}]));
    let (open, month, century) =
        (stats(&ada, "").await, stats(&ada, "?to=2026-06-30").await, stats(&ada, "?to=2199-12-31").await);
    assert_eq!(open["weekly_frequency"], 1.0);
    assert_eq!((&month, &century), (&open, &open), "what has not been yet makes nothing rarer");
}

#[tokio::test]
async fn the_persons_own_words_come_before_the_suggestions() {
    let ada = Person::new().await;
    sat(
        &ada,
        &[
            ("2026-06-01T06:00:00Z", 60, Some("dispute"), None, None),
            ("2026-06-02T06:00:00Z", 60, Some("dispute"), None, None),
            ("2026-06-03T06:00:00Z", 60, Some("decision"), None, None),
        ],
    )
    .await;
    let ask = |language: &'static str| {
        App::native(&FUNCTION).get("/rise/zazen/triggers").by(&ada).header("accept-language", language).send()
    };
    let french = ask("fr").await.json();
    let items = french["items"].as_array().unwrap();
    assert_eq!(items.len(), 9);
    assert_eq!(items[0], json!({"word": "dispute", "label": "dispute", "uses": 2}));
    assert_eq!(items[1], json!({"word": "decision", "label": "Décision à prendre", "uses": 1}));
    assert_eq!(items[2], json!({"word": "stress", "label": "Stress", "uses": 0}));
    assert_eq!(ask("en").await.json()["items"][1]["label"], "A decision to make");
}

#[tokio::test]
async fn only_the_owner_may_read_them() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let answer = App::native(&FUNCTION).get(&format!("/rise/zazen/stats/{}", ada.id)).by(&eve).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
}

/// Every scan of sessions in a plan, at any depth.
fn scans(plan: &Value) -> Vec<Value> {
    let below = plan["Plans"].as_array().into_iter().flatten().flat_map(scans);
    let own = (plan["Relation Name"] == "zazen_sessions").then(|| plan.clone());
    own.into_iter().chain(below).collect()
}

#[tokio::test]
async fn ten_years_of_daily_sessions_are_read_once_and_from_the_index_alone() {
    let ada = Person::new().await;
    let owner = testing::database().await;
    let decade = "insert into zazen_sessions (user_id, \"timestamp\", ended_at, date, triggered_by, notes)
        select $1, d, d + interval '10 minutes', d::date, 'stress', repeat('Le souffle. ', 125)
        from generate_series(timestamptz '2016-06-10 06:00Z', '2026-06-09 06:00Z', interval '1 day') as d";
    assert_eq!(owner.execute(decade, &[&ada.id]).await.unwrap(), 3652);
    let claims = json!({"sub": ada.id, "session": ada.session, "role": "user"});
    let begin = format!("begin; select edge.enter('{claims}', '{NOON}'); set local role authenticated;");
    let login = testing::database_as_person().await;
    let explain = format!("explain (format json) {}", super::STATS.text());
    let (none, weeks) = (None::<chrono::NaiveDate>, 12_i32);
    let mut found = Vec::new();
    // What other tests are just writing keeps pages from being known as visible to all.
    for _ in 0..40 {
        owner.batch_execute("vacuum (analyze) zazen_sessions").await.unwrap();
        login.batch_execute(&begin).await.unwrap();
        let plan: Value = login.query_one(&explain, &[&none, &none, &weeks]).await.unwrap().get(0);
        login.batch_execute("rollback").await.unwrap();
        found = scans(&plan[0]["Plan"]).iter().map(|scan| (scan["Node Type"].clone(), scan["Index Name"].clone())).collect();
        if found[0].0 == "Index Only Scan" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    assert_eq!(found, [(json!("Index Only Scan"), json!("idx_zazen_user_timestamp"))]);
}
