use serde_json::{Value, json};
use testing::{Answer, App, Person};

mod oracle;

use super::FUNCTION;

const NIGHT: &str = "2026-06-09T23:30:00Z";
const BASE: &str = "/wellness/activities";

fn app() -> App {
    App::native(&FUNCTION).at(NIGHT)
}

async fn log(by: &Person, body: Value) -> Answer {
    app().post(BASE).by(by).json(body).send().await
}

#[tokio::test]
async fn an_activity_is_logged_once_on_the_persons_own_day() {
    let ada = Person::new().await;
    let body = json!({"activity_type": "flash_glow", "module_name": "flash-glow", "duration_seconds": 90, "metadata": {"label": "gain"},
        "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"});
    let (first, again) = (log(&ada, body.clone()).await, log(&ada, body.clone()).await);
    assert_eq!((first.status, again.status, first.json()), (201, 200, again.json()), "{first:?} {again:?}");
    assert_eq!((&first.json()["date"], &first.json()["activity_data"]), (&json!("2026-06-10"), &json!({"label": "gain"})));
    let mut other = body;
    other["duration_seconds"] = json!(91);
    let other = log(&ada, other).await;
    assert_eq!((other.status, other.code().as_str()), (409, "client_id_mismatch"));
    let list = app().get(BASE).by(&ada).send().await.json();
    assert_eq!(list["items"], json!([first.json()]));
    assert_eq!(app().get(BASE).by(&Person::new().await).send().await.json()["items"], json!([]));
}

#[tokio::test]
async fn pictures_and_other_excesses_are_refused() {
    let ada = Person::new().await;
    let with = |metadata: Value| json!({"activity_type": "ar", "module_name": "ar-filters", "metadata": metadata});
    for (body, wrong) in [
        (with(json!({"a": "x".repeat(4096)})), "metadata:not_allowed"),
        (with(json!({"a": {"b": {"c": {"d": {}}}}})), "metadata:not_allowed"),
        (with(json!({"face": ["DATA:image/png;base64,AAAA"]})), "metadata:not_allowed"),
        (json!({"activity_type": "a", "module_name": "b", "occurred_at": "2026-06-09T23:36:00Z"}), "occurred_at:date_in_future"),
        (json!({"activity_type": "a", "module_name": "b", "occurred_at": "2026-04-09T23:36:00Z"}), "occurred_at:date_too_old"),
        (json!({"activity_type": "a", "module_name": "b", "occurred_at": "-262143-01-01T00:00:00Z"}), "occurred_at:bad_moment"),
        (json!({"activity_type": " ", "module_name": "b"}), "activity_type:blank"),
    ] {
        let answer = log(&ada, body).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![wrong.to_owned()]), "{answer:?}");
    }
    assert_eq!(log(&ada, with(json!({"a": {"b": {"c": {"d": 1}}}}))).await.status, 201);
}

#[tokio::test]
async fn usage_counts_detail_and_totals_alike_by_local_day() {
    let ada = Person::new().await;
    let usage = async |days: u32| app().get(&format!("{BASE}/usage?days={days}")).by(&ada).send().await.json();
    let none = usage(30).await;
    assert_eq!(
        (&none["totalActivities"], &none["averageSessionDuration"], &none["activityByDay"]),
        (&json!(0), &Value::Null, &json!([]))
    );
    for (module, seconds, at) in
        [("a", Some(600), "2026-06-09T21:59:00Z"), ("a", Some(300), "2026-06-09T22:01:00Z"), ("b", None, "2026-06-09T22:30:00Z")]
    {
        let mut body = json!({"activity_type": "x", "module_name": module, "occurred_at": at});
        if let Some(seconds) = seconds {
            body["duration_seconds"] = json!(seconds);
        }
        assert_eq!(log(&ada, body).await.status, 201);
    }
    let owner = testing::database().await;
    owner.execute("insert into user_activity_days (user_id, date, module_name, activities, timed, duration_seconds) values ($1, '2026-02-01', 'a', 3, 2, 1200)", &[&ada.id]).await.unwrap();
    let month = usage(30).await;
    assert_eq!(
        (&month["totalActivities"], &month["totalMinutes"], &month["moduleUsage"]),
        (&json!(3), &json!(15), &json!({"a": 2, "b": 1})),
        "{month}"
    );
    assert_eq!(
        month["activityByDay"],
        json!([{"date": "2026-06-10", "activities": 2, "minutes": 5}, {"date": "2026-06-09", "activities": 1, "minutes": 10}])
    );
    assert_eq!(month["averageSessionDuration"], json!(7.5));
    let year = usage(200).await;
    assert_eq!((&year["totalActivities"], &year["totalMinutes"]), (&json!(6), &json!(35)));
    assert_eq!(year["averageSessionDuration"], json!(8.75), "over what has a duration, in detail and in totals");
}

#[tokio::test]
async fn an_achievement_says_why_and_what_is_hidden_stays_hidden() {
    let ada = Person::new().await;
    let owner = testing::database_at(NIGHT).await;
    for day in 1..=9 {
        let insert = format!("insert into meditation_sessions (user_id, technique, duration, started_at, date, state, ended_at, duration_seconds)
            values ($1, 'mantra', 600, '2026-06-0{day}T08:00:00Z', '2026-06-0{day}', 'completed', '2026-06-0{day}T08:10:00Z', 600)");
        owner.execute(&insert, &[&ada.id]).await.unwrap();
    }
    let all = app().get(&format!("{BASE}/achievements")).by(&ada).header("accept-language", "en").send().await.json();
    let of = |id: &str| all["items"].as_array().unwrap().iter().find(|item| item["id"] == id).cloned();
    let ten = of("ten-sittings").unwrap();
    assert_eq!((&ten["name"], &ten["progress"], &ten["unlocked_at"]), (&json!("Ten sittings"), &json!(0.9), &Value::Null));
    assert_eq!(
        ten["conditions"],
        json!([{"metric": "sessions", "module": "meditation_sessions", "at_least": 10, "reached": 9, "met": false}])
    );
    assert_eq!(of("week-in-a-row").unwrap()["conditions"][0]["reached"], 9);
    assert!(of("all-of-it").is_none(), "hidden until it is won");
    owner.execute("insert into user_achievements (user_id, achievement_id) values ($1, 'all-of-it')", &[&ada.id]).await.unwrap();
    owner
        .execute(
            "insert into badges (user_id, achievement_id, name, description) values ($1, 'first-step', 'Premier pas', 'x')",
            &[&ada.id],
        )
        .await
        .unwrap();
    let all = app().get(&format!("{BASE}/achievements")).by(&ada).send().await.json();
    assert_eq!(all["items"][0]["id"], "all-of-it", "what is won comes first");
    let badges = app().get(&format!("{BASE}/badges")).by(&ada).send().await.json();
    assert_eq!((&badges["items"][0]["name"], &badges["next_cursor"]), (&json!("Premier pas"), &Value::Null));
}
