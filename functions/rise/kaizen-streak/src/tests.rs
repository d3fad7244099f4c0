use serde_json::{Value, json};
use testing::{App, Person};

use super::FUNCTION;

/// Stores completed entries on these days and asks for the streak at noon of 2026-06-10 in Paris.
async fn streak(days: &[&str]) -> Value {
    let ada = Person::new().await;
    let owner = testing::database().await;
    for day in days {
        owner
            .execute(
                "insert into kaizen (user_id, action, date, completed) values ($1, 'x', $2::text::date, true)",
                &[&ada.id, day],
            )
            .await
            .unwrap();
    }
    let app = App::native(&FUNCTION).at("2026-06-10T10:00:00Z");
    let answer = app.get(&format!("/rise/kaizen/streak/{}", ada.id)).by(&ada).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn numbers(current: i32, alive: i32, best: i32, today_done: bool, at_risk: bool) -> Value {
    json!({"current": current, "alive": alive, "best": best, "today_done": today_done, "at_risk": at_risk})
}

#[tokio::test]
async fn an_empty_account_has_a_streak_of_zero() {
    assert_eq!(streak(&[]).await, numbers(0, 0, 0, false, false));
}

#[tokio::test]
async fn a_run_that_ends_today_counts_every_day_once() {
    let days = ["2026-06-10", "2026-06-10", "2026-06-09", "2026-06-08"];
    assert_eq!(streak(&days).await, numbers(3, 3, 3, true, false));
}

#[tokio::test]
async fn a_run_that_ends_yesterday_is_alive_and_at_risk() {
    assert_eq!(streak(&["2026-06-09", "2026-06-08"]).await, numbers(0, 2, 2, false, true));
}

#[tokio::test]
async fn a_gap_ends_a_run_and_the_best_is_kept() {
    let days = ["2026-06-10", "2026-06-07", "2026-06-06", "2026-06-05", "2026-01-01"];
    assert_eq!(streak(&days).await, numbers(1, 1, 3, true, false));
}

#[tokio::test]
async fn a_streak_is_not_cut_at_thirty_days() {
    let days: Vec<String> =
        (1..=31).map(|day| format!("2026-05-{day:02}")).chain((1..=10).map(|day| format!("2026-06-{day:02}"))).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    assert_eq!(streak(&days).await, numbers(41, 41, 41, true, false));
}

#[tokio::test]
async fn somebody_elses_streak_is_refused() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let answer = App::native(&FUNCTION).get(&format!("/rise/kaizen/streak/{}", ada.id)).by(&eve).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
}
