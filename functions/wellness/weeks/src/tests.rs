use serde_json::{Value, json};
use testing::{App, Person};

mod oracle;

use super::{FUNCTION, trend::Trend};

/// A Wednesday.
const NOW: &str = "2026-06-10T12:00:00Z";

fn app() -> App {
    App::native(&FUNCTION).at(NOW)
}

async fn sat(person: &Person, date: &str, before: Option<i32>, after: Option<i32>) {
    let insert = "insert into meditation_sessions (user_id, technique, duration, started_at, date, state, ended_at, duration_seconds, mood_before, mood_after)
        values ($1, 'mantra', 600, ($2::text || 'T08:00:00Z')::timestamptz, $2::text::date, 'completed', ($2::text || 'T08:10:00Z')::timestamptz, 600, $3::int::smallint, $4::int::smallint)";
    testing::database_at(NOW).await.execute(insert, &[&person.id, &date, &before, &after]).await.unwrap();
}

#[tokio::test]
async fn weeks_without_a_value_are_null_and_no_bar_is_without_a_source() {
    let ada = Person::new().await;
    let get = async |query: &str| app().get(&format!("/wellness/weeks{query}")).by(&ada).send().await.json();
    let empty = get("").await;
    assert_eq!((empty["first_week"].as_str(), empty["last_week"].as_str()), (Some("2026-03-23"), Some("2026-06-08")));
    for metric in empty["metrics"].as_array().unwrap() {
        assert_eq!(
            (metric["points"].as_array().unwrap().len(), &metric["average"], &metric["trend"]),
            (12, &Value::Null, &json!("insufficient"))
        );
        assert!(metric["points"].as_array().unwrap().iter().all(|point| point["value"].is_null()), "never 0: {metric}");
    }
    for (date, mood) in [("2026-05-11", 50), ("2026-05-18", 60), ("2026-05-31", 80), ("2026-06-01", 90), ("2026-06-09", 100)] {
        sat(&ada, date, None, Some(mood)).await;
    }
    let mood = &get("?metric=mood&from=2026-05-13&to=2026-06-10").await["metrics"][0];
    let values: Vec<_> = mood["points"].as_array().unwrap().iter().map(|point| point["value"].clone()).collect();
    assert_eq!(values, [json!(0.0), json!(0.2), json!(0.6), json!(0.8), json!(1.0)], "a Sunday is of the week before: {mood}");
    assert_eq!(
        (&mood["points"][0]["label"], &mood["source"], &mood["n"], &mood["trend"]),
        (&json!("S20"), &json!("mood_score"), &json!(5), &json!("rising"))
    );
    let sleep = &get("?metric=sleep").await["metrics"][0];
    assert_eq!((&sleep["source"], &sleep["n"]), (&Value::Null, &json!(0)));
    let long = app().get("/wellness/weeks?from=2024-01-01&to=2026-06-10").by(&ada).send().await;
    assert_eq!((long.status, long.wrong_fields()), (422, vec!["to:date_too_far".to_owned()]));
    assert_eq!(get("?from=2026-01-01").await["last_week"], "2026-03-16");
}

#[tokio::test]
async fn moods_are_those_that_were_said_and_pictures_show_the_same() {
    let ada = Person::new().await;
    let none = app().get("/wellness/weeks/mood.svg").by(&ada).send().await;
    assert!(String::from_utf8_lossy(&none.body).contains("Rien n'a encore"), "{none:?}");
    sat(&ada, "2026-06-08", Some(30), Some(50)).await;
    sat(&ada, "2026-06-08", None, Some(60)).await;
    let scan = "insert into emotion_scans (user_id, scan_type, date, scanned_at, emotions, mood) values ($1, 'manual', '2026-06-09', edge.now(), '[]', 40)";
    testing::database_at(NOW).await.execute(scan, &[&ada.id]).await.unwrap();
    let moods = app().get("/wellness/weeks/mood?from=2026-06-01").by(&ada).send().await.json();
    assert_eq!(
        moods,
        json!({"first_day": "2026-06-01", "last_day": "2026-06-10", "days": [
        {"date": "2026-06-08", "before": 30, "after": 55, "scanned": null, "n": 3},
        {"date": "2026-06-09", "before": null, "after": null, "scanned": 40, "n": 1}]})
    );
    let picture = app().get("/wellness/weeks/mood.svg?from=2026-06-01&theme=dark").by(&ada).send().await;
    let text = String::from_utf8_lossy(&picture.body).into_owned();
    assert_eq!((picture.status, text.matches("class=\"bar\"").count()), (200, 2));
    assert!(text.contains("8 juin 2026\u{a0}: 55,0"), "{text}");
    let bars = app().get("/wellness/weeks/bars.svg?metric=mood").by(&ada).header("accept-language", "en").send().await;
    let text = String::from_utf8_lossy(&bars.body).into_owned();
    assert!(text.matches("class=\"bar\"").count() == 1 && text.contains("8 Jun 2026: 55.0"), "{text}");
    let energy = app().get("/wellness/weeks/bars.svg?metric=energy").by(&ada).send().await;
    assert_eq!(String::from_utf8_lossy(&energy.body).matches("class=\"bar\"").count(), 0);
}

#[test]
fn a_trend_needs_four_weeks_and_more_than_a_tenth() {
    for (values, trend) in [
        (&[][..], Trend::Insufficient),
        (&[1.0, 9.0, 9.0], Trend::Insufficient),
        (&[10.0, 10.0, 11.0, 11.0], Trend::Stable),
        (&[10.0, 10.0, 11.0, 11.2], Trend::Rising),
        (&[10.0, 10.0, 8.9, 8.9], Trend::Falling),
        (&[0.0, 0.0, 0.0, 0.0], Trend::Stable),
        (&[-0.5, -0.5, -0.4, -0.4], Trend::Rising),
        (&[1.0, 1.0, 2.0, 2.0, 2.0], Trend::Rising),
    ] {
        assert_eq!(Trend::of(values), trend, "{values:?}");
    }
}
