use serde_json::{Value, json};
use testing::{App, Person};

use super::FUNCTION;

/// Completed entries on `days` days from 2026-03-01 on.
async fn done(person: &Person, days: i32) {
    let sql = "insert into kaizen (user_id, action, date, completed)
        select $1, 'x', date '2026-03-01' + n, true from generate_series(0, $2 - 1) as n, generate_series(1, 2)";
    testing::database().await.execute(sql, &[&person.id, &days]).await.unwrap();
}

async fn sat(person: &Person, day: &str, minutes: i32) {
    let sql = "insert into zazen_sessions (user_id, \"timestamp\", ended_at, date)
        values ($1, $2::text::timestamptz, $2::text::timestamptz + make_interval(mins => $3), $2::text::date)";
    testing::database().await.execute(sql, &[&person.id, &day, &minutes]).await.unwrap();
}

async fn progress(person: &Person) -> Value {
    let app = App::native(&FUNCTION).at("2026-06-10T10:00:00Z");
    let answer = app.get(&format!("/rise/progress/{}", person.id)).by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn earned(progress: &Value) -> Vec<(String, String)> {
    let badges = progress["badges"].as_array().unwrap().iter().filter(|badge| !badge["earned_on"].is_null());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    badges.map(|badge| (text(&badge["code"]), text(&badge["earned_on"]))).collect()
}

fn pair(code: &str, day: &str) -> (String, String) {
    (code.to_owned(), day.to_owned())
}

#[tokio::test]
async fn an_empty_account_has_no_points_and_sees_every_rule() {
    let progress = progress(&Person::new().await).await;
    assert_eq!(progress["points"], 0);
    assert_eq!(
        progress["rewards"][1],
        json!({
            "code": "zazen_minute", "name": "Le souffle", "about": "1 point par minute de zazen, jusqu'à 60 par jour.",
            "metric": "zazen_minutes", "count": 0, "points": 0,
        })
    );
    assert_eq!(
        progress["badges"][1],
        json!({
            "code": "streak_7", "name": "Une semaine", "about": "Une série de 7 jours faits.", "metric": "streak",
            "threshold": 7, "value": 0, "points": 50, "earned_on": null,
        })
    );
    assert_eq!(earned(&progress), []);
}

#[tokio::test]
async fn badges_are_earned_on_the_day_that_reached_them() {
    let ada = Person::new().await;
    done(&ada, 8).await;
    sat(&ada, "2026-03-05T06:00:00Z", 40).await;
    sat(&ada, "2026-03-06T06:00:00Z", 20).await;
    let progress = progress(&ada).await;
    let expected = [
        pair("first_step", "2026-03-01"),
        pair("streak_7", "2026-03-07"),
        pair("first_breath", "2026-03-05"),
        pair("zazen_hour", "2026-03-06"),
    ];
    assert_eq!(earned(&progress), expected);
    // Eight days (however many entries each), sixty minutes, and the badges.
    assert_eq!(progress["points"], 80 + 60 + 10 + 50 + 10 + 50);
}

#[tokio::test]
async fn the_minutes_of_one_day_count_up_to_a_cap() {
    let ada = Person::new().await;
    sat(&ada, "2026-03-05T06:00:00Z", 50).await;
    sat(&ada, "2026-03-05T12:00:00Z", 50).await;
    let progress = progress(&ada).await;
    assert_eq!((&progress["rewards"][1]["count"], &progress["rewards"][1]["points"]), (&json!(60), &json!(60)));
}

#[tokio::test]
async fn a_badge_is_awarded_once_however_often_and_at_once_it_is_asked_for() {
    let ada = Person::new().await;
    done(&ada, 8).await;
    let (a, b, c) = tokio::join!(progress(&ada), progress(&ada), progress(&ada));
    assert_eq!((&a, &b), (&b, &c));
    let owner = testing::database().await;
    let rows: i64 = owner.query_one("select count(*) from user_badges where user_id = $1", &[&ada.id]).await.unwrap().get(0);
    assert_eq!(rows, 2);
}

#[tokio::test]
async fn computing_everything_again_from_the_events_gives_the_same() {
    let ada = Person::new().await;
    done(&ada, 35).await;
    sat(&ada, "2026-03-05T06:00:00Z", 59).await;
    let first = progress(&ada).await;
    sat(&ada, "2026-04-05T06:00:00Z", 1430).await;
    let before = progress(&ada).await;
    assert!(earned(&before).len() > earned(&first).len());
    let owner = testing::database().await;
    owner.execute("delete from user_badges where user_id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(progress(&ada).await, before);
}

#[tokio::test]
async fn what_is_entered_afterwards_moves_a_badge_to_the_day_that_reached_it() {
    let ada = Person::new().await;
    done(&ada, 1).await;
    assert_eq!(earned(&progress(&ada).await), [pair("first_step", "2026-03-01")]);
    let before = "insert into kaizen (user_id, action, date, completed) values ($1, 'x', '2026-02-27', true)";
    testing::database().await.execute(before, &[&ada.id]).await.unwrap();
    assert_eq!(earned(&progress(&ada).await), [pair("first_step", "2026-02-27")]);
}

/// Today is Wednesday, 2026-06-10.
#[tokio::test]
async fn a_day_of_rest_that_a_higher_target_could_undo_carries_no_badge_before_its_week_is_over() {
    let (ada, bob) = (Person::new().await, Person::new().await);
    let owner = testing::database().await;
    let days = "insert into kaizen (user_id, action, date, completed)
        select $1, 'x', day, true from unnest(array['2026-06-02', '2026-06-03', '2026-06-04', '2026-06-05', '2026-06-06', '2026-06-07',
          '2026-06-09']::date[]) as day";
    let target = "insert into weekly_targets (user_id, week, target) values ($1, '2026-06-08', $2)
        on conflict (user_id, week) do update set target = excluded.target";
    for person in [&ada, &bob] {
        owner.execute(days, &[&person.id]).await.unwrap();
        owner.execute(target, &[&person.id, &3_i16]).await.unwrap();
    }
    let looked = progress(&ada).await;
    assert_eq!((&looked["badges"][1]["value"], &looked["badges"][1]["earned_on"]), (&json!(7), &Value::Null), "seven, so far");
    for person in [&ada, &bob] {
        owner.execute(target, &[&person.id, &7_i16]).await.unwrap();
    }
    assert_eq!(progress(&ada).await, progress(&bob).await, "whoever looked in between has no more than who did not");
    owner.execute(target, &[&ada.id, &3_i16]).await.unwrap();
    let rest = "insert into kaizen (user_id, action, date, completed) select $1, 'x', date '2026-06-10' + n, true from unnest('{0, 1}'::int[]) as n";
    owner.execute(rest, &[&ada.id]).await.unwrap();
    let next = App::native(&FUNCTION).at("2026-06-15T10:00:00Z").get(&format!("/rise/progress/{}", ada.id)).by(&ada).send().await;
    assert_eq!(earned(&next.json())[1], pair("streak_7", "2026-06-09"));
}

#[tokio::test]
async fn what_is_taken_back_costs_its_points_and_never_a_badge() {
    let ada = Person::new().await;
    done(&ada, 8).await;
    let before = progress(&ada).await;
    let owner = testing::database().await;
    let undo = "update kaizen set completed = false where user_id = $1 and date = '2026-03-04'";
    owner.execute(undo, &[&ada.id]).await.unwrap();
    let after = progress(&ada).await;
    assert_eq!(earned(&after), earned(&before));
    assert_eq!(after["badges"][1]["value"], 4, "the longest run is now the second half");
    assert_eq!(before["points"].as_i64().unwrap() - after["points"].as_i64().unwrap(), 10);
}

#[tokio::test]
async fn the_rules_are_said_in_english_and_only_to_the_owner() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let app = App::native(&FUNCTION);
    let path = format!("/rise/progress/{}", ada.id);
    let english = app.get(&path).by(&ada).header("accept-language", "en").send().await.json();
    assert_eq!(english["badges"][0]["about"], "A first day of kaizen.");
    assert_eq!(app.get(&path).by(&eve).send().await.status, 403);
}
