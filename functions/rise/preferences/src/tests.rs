use serde_json::{Value, json};
use testing::{App, Person};

use super::FUNCTION;

async fn change(person: &Person, now: &str, body: Value) -> Value {
    let answer = App::native(&FUNCTION).at(now).put("/rise/preferences").by(person).json(body).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Today and when it ends.
async fn day(person: &Person, now: &str) -> (String, String) {
    let preferences = App::native(&FUNCTION).at(now).get("/rise/preferences").by(person).send().await.json();
    let text = |name: &str| preferences[name].as_str().unwrap().to_owned();
    (text("today"), text("day_ends_at"))
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[tokio::test]
async fn somebody_new_means_every_day_of_their_own_time_zone() {
    let ada = Person::new().await;
    let preferences = App::native(&FUNCTION).at("2026-06-09T23:30:00Z").get("/rise/preferences").by(&ada).send().await.json();
    assert_eq!(
        preferences,
        json!({
            "time_zone": "Europe/Paris", "day_end_hour": 0, "weekly_target": 7, "freezes_per_month": 2, "freezes_left": 2,
            "today": "2026-06-10", "day_ends_at": "2026-06-10T22:00:00Z",
        })
    );
}

#[tokio::test]
async fn a_flight_west_makes_the_day_longer_and_never_turns_it_back() {
    let ada = Person::new().await;
    // Half past five in Paris, half past eleven of the evening before in New York.
    let changed = change(&ada, "2026-06-10T03:30:00Z", json!({"time_zone": "America/New_York"})).await;
    assert_eq!((&changed["today"], &changed["day_ends_at"]), (&json!("2026-06-10"), &json!("2026-06-11T04:00:00Z")));
    assert_eq!(day(&ada, "2026-06-11T03:59:59Z").await, pair("2026-06-10", "2026-06-11T04:00:00Z"));
    assert_eq!(day(&ada, "2026-06-11T04:00:00Z").await, pair("2026-06-11", "2026-06-12T04:00:00Z"));
}

#[tokio::test]
async fn a_flight_east_leaves_the_day_its_promised_end() {
    let ada = Person::new().await;
    // Six in the evening in Paris is already tomorrow in Tokyo.
    let changed = change(&ada, "2026-06-10T16:00:00Z", json!({"time_zone": "Asia/Tokyo"})).await;
    assert_eq!((&changed["today"], &changed["day_ends_at"]), (&json!("2026-06-10"), &json!("2026-06-10T22:00:00Z")));
    assert_eq!(day(&ada, "2026-06-10T22:00:00Z").await, pair("2026-06-11", "2026-06-11T15:00:00Z"));
}

#[tokio::test]
async fn zones_tried_in_one_day_count_as_one_change() {
    let ada = Person::new().await;
    let noon = "2026-06-10T10:00:00Z";
    change(&ada, noon, json!({"time_zone": "Pacific/Honolulu"})).await;
    change(&ada, noon, json!({"time_zone": "Asia/Tokyo"})).await;
    let back = change(&ada, noon, json!({"time_zone": "Europe/Paris"})).await;
    assert_eq!(back["today"], "2026-06-10");
    let owner = testing::database().await;
    let rows: i64 = owner.query_one("select count(*) from clock_changes where user_id = $1", &[&ada.id]).await.unwrap().get(0);
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn a_later_day_end_moves_the_end_of_today_and_of_the_days_to_come() {
    let ada = Person::new().await;
    let changed = change(&ada, "2026-06-10T10:00:00Z", json!({"day_end_hour": 4})).await;
    assert_eq!((&changed["day_end_hour"], &changed["day_ends_at"]), (&json!(4), &json!("2026-06-11T02:00:00Z")));
    assert_eq!(day(&ada, "2026-06-12T01:59:00Z").await, pair("2026-06-11", "2026-06-12T02:00:00Z"));
}

#[tokio::test]
async fn the_target_is_changed_for_this_week_and_kept_for_those_that_are_over() {
    let ada = Person::new().await;
    change(&ada, "2026-06-03T10:00:00Z", json!({"weekly_target": 5})).await;
    change(&ada, "2026-06-10T10:00:00Z", json!({"weekly_target": 4})).await;
    let changed = change(&ada, "2026-06-11T10:00:00Z", json!({"weekly_target": 3})).await;
    assert_eq!((&changed["weekly_target"], &changed["time_zone"]), (&json!(3), &json!("Europe/Paris")));
    let owner = testing::database().await;
    let rows = owner
        .query("select week::text, target::int from weekly_targets where user_id = $1 order by week", &[&ada.id])
        .await
        .unwrap();
    let rows: Vec<(String, i32)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [("2026-06-01".to_owned(), 5), ("2026-06-08".to_owned(), 3)]);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let ada = Person::new().await;
    let app = App::native(&FUNCTION);
    for (body, refusal) in [
        (json!({}), ":nothing_to_change"),
        (json!({"time_zone": "Europe/Nulle_Part", "weekly_target": 3}), "time_zone:bad_time_zone"),
        (json!({"day_end_hour": 7}), "day_end_hour:range"),
        (json!({"weekly_target": 0}), "weekly_target:range"),
    ] {
        let answer = app.put("/rise/preferences").by(&ada).json(body.clone()).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{body}");
    }
    let preferences = app.get("/rise/preferences").by(&ada).send().await.json();
    assert_eq!((&preferences["weekly_target"], &preferences["time_zone"]), (&json!(7), &json!("Europe/Paris")));
}
