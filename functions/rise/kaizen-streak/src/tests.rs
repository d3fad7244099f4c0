mod histories;
mod oracle;
mod plan;

use serde_json::{Value, json};
use testing::{App, Person};
use tokio::sync::Mutex;

use super::FUNCTION;

/// Noon of Wednesday, 10 June in Paris.
const NOON: &str = "2026-06-10T10:00:00Z";

/// Held by tests that must not meet: one loads much in a transaction that stays open, one needs that nobody does.
static LOADING: Mutex<()> = Mutex::const_new(());

/// Stores completed entries on these days.
async fn done(person: &Person, days: &[&str]) {
    let owner = testing::database().await;
    for day in days {
        owner
            .execute(
                "insert into kaizen (user_id, action, date, completed) values ($1, 'x', $2::text::date, true)",
                &[&person.id, day],
            )
            .await
            .unwrap();
    }
}

async fn put(person: &Person, kind: &str, from: &str, to: &str) {
    testing::database()
        .await
        .execute(
            "insert into streak_freezes (user_id, kind, from_day, to_day) values ($1, $2, $3::text::date, $4::text::date)",
            &[&person.id, &kind, &from, &to],
        )
        .await
        .unwrap();
}

async fn ask(person: &Person, now: &str, query: &str) -> Value {
    let app = App::native(&FUNCTION).at(now);
    let answer = app.get(&format!("/rise/kaizen/streak/{}{query}", person.id)).by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Of somebody new with these days done, at noon: current, alive, best, today_done, at_risk.
async fn streak(days: &[&str]) -> Value {
    let ada = Person::new().await;
    done(&ada, days).await;
    numbers(&ask(&ada, NOON, "").await)
}

fn numbers(streak: &Value) -> Value {
    json!([streak["current"], streak["alive"], streak["best"], streak["today_done"], streak["at_risk"]])
}

fn reasons(streak: &Value) -> Vec<&str> {
    streak["days"].as_array().unwrap().iter().map(|day| day["reason"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_empty_account_has_a_streak_of_zero() {
    let streak = ask(&Person::new().await, NOON, "").await;
    assert_eq!(
        streak,
        json!({
            "current": 0, "alive": 0, "best": 0, "since": null, "today_done": false, "at_risk": false,
            "day_ends_at": "2026-06-10T22:00:00Z", "hours_left": 12.0, "freezes_left": 2, "weekly_target": 7, "week_kept": 0,
            "strength": 0.0, "days": [{"date": "2026-06-10", "reason": "not_yet"}],
        })
    );
}

#[tokio::test]
async fn a_run_that_ends_today_counts_every_day_once() {
    let days = ["2026-06-10", "2026-06-10", "2026-06-09", "2026-06-08"];
    assert_eq!(streak(&days).await, json!([3, 3, 3, true, false]));
}

#[tokio::test]
async fn a_run_that_ends_yesterday_is_alive_and_at_risk() {
    assert_eq!(streak(&["2026-06-09", "2026-06-08"]).await, json!([0, 2, 2, false, true]));
}

#[tokio::test]
async fn a_gap_ends_a_run_and_the_best_is_kept() {
    let days = ["2026-06-10", "2026-06-07", "2026-06-06", "2026-06-05", "2026-01-01"];
    assert_eq!(streak(&days).await, json!([1, 1, 3, true, false]));
}

#[tokio::test]
async fn a_streak_is_not_cut_at_thirty_days() {
    let days: Vec<String> =
        (1..=31).map(|day| format!("2026-05-{day:02}")).chain((1..=10).map(|day| format!("2026-06-{day:02}"))).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    assert_eq!(streak(&days).await, json!([41, 41, 41, true, false]));
}

#[tokio::test]
async fn each_day_is_shown_with_its_reason() {
    let ada = Person::new().await;
    done(&ada, &["2026-06-02", "2026-06-04", "2026-06-07", "2026-06-09"]).await;
    put(&ada, "freeze", "2026-06-08", "2026-06-08").await;
    put(&ada, "skip", "2026-06-05", "2026-06-06").await;
    let streak = ask(&ada, NOON, "").await;
    let expected = ["not_yet", "done", "frozen", "done", "skipped", "skipped", "done", "missed", "done"];
    assert_eq!(reasons(&streak), expected);
    assert_eq!(numbers(&streak), json!([0, 3, 3, false, true]), "frozen and skipped days hold it together, uncounted");
    assert_eq!((&streak["since"], &streak["freezes_left"]), (&json!("2026-06-04"), &json!(1)));
    assert_eq!(reasons(&ask(&ada, NOON, "?days=2").await), ["not_yet", "done"]);
}

#[tokio::test]
async fn a_day_that_is_frozen_or_skipped_asks_for_nothing_today_either() {
    let ada = Person::new().await;
    done(&ada, &["2026-06-08", "2026-06-09"]).await;
    put(&ada, "freeze", "2026-06-10", "2026-06-10").await;
    assert_eq!(numbers(&ask(&ada, NOON, "").await), json!([2, 2, 2, false, false]));
}

#[tokio::test]
async fn a_weekly_target_leaves_days_to_rest_as_long_as_it_can_be_reached() {
    let ada = Person::new().await;
    let owner = testing::database().await;
    let target = "insert into weekly_targets (user_id, week, target) values ($1, '2026-06-01', 3)";
    owner.execute(target, &[&ada.id]).await.unwrap();
    // Three of the week before; one so far in this week, whose Wednesday it is.
    done(&ada, &["2026-06-01", "2026-06-05", "2026-06-07", "2026-06-09"]).await;
    let streak = ask(&ada, NOON, "").await;
    assert_eq!(numbers(&streak), json!([4, 4, 4, false, false]), "today is not needed yet");
    assert_eq!(reasons(&streak), ["rest", "done", "rest", "done", "rest", "done", "rest", "rest", "rest", "done"]);
    // On Saturday both days that are left are needed.
    let saturday = ask(&ada, "2026-06-13T10:00:00Z", "").await;
    assert_eq!(numbers(&saturday), json!([0, 4, 4, false, true]));
    // On Sunday it is too late: the week falls back to what was missed.
    let sunday = ask(&ada, "2026-06-14T10:00:00Z", "").await;
    assert_eq!(numbers(&sunday), json!([0, 0, 3, false, false]));
}

#[tokio::test]
async fn a_week_that_is_over_keeps_its_target() {
    let ada = Person::new().await;
    done(&ada, &["2026-06-01", "2026-06-05", "2026-06-07", "2026-06-08", "2026-06-09", "2026-06-10"]).await;
    let owner = testing::database().await;
    let target = "insert into weekly_targets (user_id, week, target) values ($1, '2026-06-08', 3)";
    owner.execute(target, &[&ada.id]).await.unwrap();
    assert_eq!(numbers(&ask(&ada, NOON, "").await), json!([4, 4, 4, true, false]), "the week before was one of every day");
}

#[tokio::test]
async fn the_day_ends_at_the_persons_own_hour() {
    let ada = Person::new().await;
    done(&ada, &["2026-06-09"]).await;
    let owner = testing::database().await;
    owner.execute("update users set day_end_hour = 4 where id = $1", &[&ada.id]).await.unwrap();
    // The change held the real today only; the days of 2026 are free of it.
    owner.execute("update users set held_day = null, held_until = null where id = $1", &[&ada.id]).await.unwrap();
    let night = ask(&ada, "2026-06-10T01:30:00Z", "").await;
    assert_eq!(numbers(&night), json!([1, 1, 1, true, false]), "half past three is still the evening before");
    assert_eq!((&night["hours_left"], &night["day_ends_at"]), (&json!(0.5), &json!("2026-06-10T02:00:00Z")));
    assert_eq!(numbers(&ask(&ada, "2026-06-10T02:00:00Z", "").await), json!([0, 1, 1, false, true]));
}

#[tokio::test]
async fn strength_falls_slowly_and_comes_back() {
    let ada = Person::new().await;
    let month: Vec<String> = (1..=31).map(|day| format!("2026-05-{day:02}")).collect();
    done(&ada, &month.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let of = |now: &'static str| {
        let ada = ada.clone();
        async move { ask(&ada, now, "").await["strength"].as_f64().unwrap() }
    };
    let (full, kept, missed, later) = (
        of("2026-05-31T20:00:00Z").await,
        of("2026-06-01T10:00:00Z").await,
        of("2026-06-02T10:00:00Z").await,
        of("2026-06-14T10:00:00Z").await,
    );
    // Loop Habit Tracker's own numbers: 1 - 0.5^(31/13) after 31 days, and half of it after 13 more without.
    assert_eq!(full, 0.8085);
    assert_eq!(kept, full, "today is not held against anyone before it is over");
    assert_eq!(missed, 0.7665);
    assert_eq!(later, 0.4043);
}

#[tokio::test]
async fn the_documents_table_of_streaks_says_the_same_and_of_oneself_alone() {
    let (ada, bob) = (Person::new().await, Person::new().await);
    done(&ada, &["2026-06-09", "2026-06-08", "2026-06-01"]).await;
    done(&bob, &["2026-06-10"]).await;
    let login = testing::database_as_person().await;
    let claims = json!({"sub": ada.id, "session": ada.session, "role": "user"});
    let begin = format!("begin; select edge.enter('{claims}', '{NOON}'); set local role authenticated;");
    login.batch_execute(&begin).await.unwrap();
    let rows = login.query("select to_jsonb(s) from user_streaks s", &[]).await.unwrap();
    let [row] = &rows[..] else { panic!("one row, not {}", rows.len()) };
    let kept: Value = row.get(0);
    assert_eq!(numbers(&kept), numbers(&ask(&ada, NOON, "").await));
    assert_eq!((&kept["user_id"], &kept["since"]), (&json!(ada.id), &json!("2026-06-08")));
}

#[tokio::test]
async fn only_the_owner_may_ask_and_for_a_year_at_most() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let app = App::native(&FUNCTION);
    let path = format!("/rise/kaizen/streak/{}", ada.id);
    let answer = app.get(&path).by(&eve).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    for days in [0, 367] {
        assert_eq!(app.get(&format!("{path}?days={days}")).by(&ada).send().await.wrong_fields(), ["days:range"]);
    }
}
