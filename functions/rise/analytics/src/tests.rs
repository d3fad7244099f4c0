use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};
use testing::{App, Person};

use super::FUNCTION;

/// A Wednesday.
const NOON: &str = "2026-06-10T10:00:00Z";

async fn entries(person: &Person, days: &[(&str, bool)]) {
    let owner = testing::database().await;
    for (day, completed) in days {
        let sql = "insert into kaizen (user_id, action, date, completed) values ($1, 'x', $2::text::date, $3)";
        owner.execute(sql, &[&person.id, day, completed]).await.unwrap();
    }
}

async fn ask(person: &Person, now: &str, query: &str) -> Value {
    let path = format!("/rise/analytics/{}{query}", person.id);
    let answer = App::native(&FUNCTION).at(now).get(&path).by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn an_empty_account_has_periods_of_zeros() {
    let analytics = ask(&Person::new().await, NOON, "?periods=1").await;
    assert_eq!(
        analytics,
        json!({
            "by": "week", "time_zone": "Europe/Paris", "today": "2026-06-10",
            "periods": [{
                "from": "2026-06-08", "to": "2026-06-10", "kaizens": 0, "completed_kaizens": 0, "completion_rate": 0.0,
                "days_done": 0, "zazen_sessions": 0, "zazen_minutes": 0, "change": 0.0,
            }],
        })
    );
}

#[tokio::test]
async fn weeks_are_counted_and_compared_by_the_day() {
    let ada = Person::new().await;
    entries(&ada, &[("2026-06-10", true), ("2026-06-10", true), ("2026-06-09", true), ("2026-06-08", false)]).await;
    entries(&ada, &[("2026-06-07", true), ("2026-06-01", true), ("2026-05-31", true)]).await;
    let session = "insert into zazen_sessions (user_id, \"timestamp\", ended_at, date)
        values ($1, '2026-06-07T08:00:00Z', '2026-06-07T08:01:59Z', '2026-06-07')";
    testing::database().await.execute(session, &[&ada.id]).await.unwrap();
    let periods = ask(&ada, NOON, "?periods=2").await["periods"].clone();
    assert_eq!(
        periods,
        json!([
            {
                "from": "2026-06-08", "to": "2026-06-10", "kaizens": 4, "completed_kaizens": 3, "completion_rate": 0.75,
                "days_done": 2, "zazen_sessions": 0, "zazen_minutes": 0, "change": 0.381,
            },
            {
                "from": "2026-06-01", "to": "2026-06-07", "kaizens": 2, "completed_kaizens": 2, "completion_rate": 1.0,
                "days_done": 2, "zazen_sessions": 1, "zazen_minutes": 1, "change": 0.1429,
            },
        ])
    );
}

#[tokio::test]
async fn months_are_whole_whatever_their_length() {
    let ada = Person::new().await;
    entries(&ada, &[("2028-02-29", true), ("2028-01-31", true), ("2028-01-01", true)]).await;
    let analytics = ask(&ada, "2028-03-31T21:00:00Z", "?by=month&periods=4").await;
    let spans: Vec<(&str, &str, i64)> = analytics["periods"]
        .as_array()
        .unwrap()
        .iter()
        .map(|period| (period["from"].as_str().unwrap(), period["to"].as_str().unwrap(), period["days_done"].as_i64().unwrap()))
        .collect();
    let expected = [
        ("2028-03-01", "2028-03-31", 0),
        ("2028-02-01", "2028-02-29", 1),
        ("2028-01-01", "2028-01-31", 2),
        ("2027-12-01", "2027-12-31", 0),
    ];
    assert_eq!(spans, expected);
}

/// The periods lie side by side without gap or overlap, and add up to everything.
#[tokio::test]
async fn every_day_is_in_one_period() {
    let ada = Person::new().await;
    let insert = "insert into kaizen (user_id, action, date, completed)
        select $1, 'x', date '2026-06-10' - n, n % 3 > 0 from generate_series(0, 299) as n";
    testing::database().await.execute(insert, &[&ada.id]).await.unwrap();
    for query in ["?periods=60", "?by=month&periods=12"] {
        let periods = ask(&ada, NOON, query).await["periods"].as_array().unwrap().clone();
        let day = |value: &Value| value.as_str().unwrap().parse::<NaiveDate>().unwrap();
        for pair in periods.windows(2) {
            assert_eq!(day(&pair[0]["from"]), day(&pair[1]["to"]) + Days::new(1), "{query}");
            let first = day(&pair[0]["from"]);
            assert!(if query.contains("month") { first.day() == 1 } else { first.weekday().num_days_from_monday() == 0 });
        }
        let sum = |name: &str| periods.iter().map(|period| period[name].as_i64().unwrap()).sum::<i64>();
        assert_eq!((sum("kaizens"), sum("completed_kaizens"), sum("days_done")), (300, 200, 200), "{query}");
    }
}

#[tokio::test]
async fn only_the_owner_may_look() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let app = App::native(&FUNCTION);
    let path = format!("/rise/analytics/{}", ada.id);
    assert_eq!(app.get(&path).by(&eve).send().await.status, 403);
    for (query, refusal) in [("?by=day", "by:not_allowed"), ("?periods=0", "periods:range"), ("?periods=121", "periods:range")] {
        let answer = app.get(&format!("{path}{query}")).by(&ada).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{query}");
    }
}

#[tokio::test]
async fn an_administrator_sees_what_its_owner_sees() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    entries(&ada, &[("2026-06-10", true), ("2026-06-09", false)]).await;
    let path = format!("/rise/analytics/{}?periods=2", ada.id);
    let seen = App::native(&FUNCTION).at(NOON).get(&path).by(&admin).send().await;
    assert_eq!((seen.status, seen.json()), (200, ask(&ada, NOON, "?periods=2").await));
}
