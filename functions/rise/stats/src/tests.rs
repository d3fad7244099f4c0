use chrono::{Datelike, Days, NaiveDate};
use edge::Language;
use serde_json::{Value, json};
use testing::{Answer, App, Person};

use super::FUNCTION;

/// A Wednesday.
const NOON: &str = "2026-06-10T10:00:00Z";

async fn entry(person: &Person, day: &str, completed: bool) {
    let sql = "insert into kaizen (user_id, action, date, completed) values ($1, 'x', $2::text::date, $3)";
    testing::database().await.execute(sql, &[&person.id, &day, &completed]).await.unwrap();
}

async fn session(person: &Person, start: &str, seconds: i32) {
    let sql = "insert into zazen_sessions (user_id, \"timestamp\", ended_at, date)
        values ($1, $2::text::timestamptz, $2::text::timestamptz + make_interval(secs => $3::int), $2::text::date)";
    testing::database().await.execute(sql, &[&person.id, &start, &seconds]).await.unwrap();
}

async fn ask(person: &Person, query: &str) -> Answer {
    let path = format!("/rise/stats/{}{query}", person.id);
    let answer = App::native(&FUNCTION).at(NOON).get(&path).by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

fn picture(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[tokio::test]
async fn an_empty_account_has_six_zeros() {
    let stats = ask(&Person::new().await, "?weeks=1").await.json();
    assert_eq!(
        stats,
        json!({
            "totalKaizens": 0, "completedKaizens": 0, "completionRate": 0.0, "totalZazenMinutes": 0, "currentStreak": 0,
            "averageSessionDuration": 0.0,
            "weeklyTrend": [{"week": "2026-06-08", "kaizens": 0, "completedKaizens": 0, "zazenMinutes": 0}],
        })
    );
}

#[tokio::test]
async fn the_numbers_say_what_was_done() {
    let ada = Person::new().await;
    for (day, completed) in
        [("2026-06-10", true), ("2026-06-10", false), ("2026-06-09", true), ("2026-06-05", true), ("2026-01-01", false)]
    {
        entry(&ada, day, completed).await;
    }
    session(&ada, "2026-06-09T06:00:00Z", 100).await;
    session(&ada, "2026-06-03T06:00:00Z", 100).await;
    session(&ada, "2026-06-02T06:00:00Z", 101).await;
    let stats = ask(&ada, "?weeks=2").await.json();
    assert_eq!(
        stats,
        json!({
            "totalKaizens": 5, "completedKaizens": 3, "completionRate": 0.6, "totalZazenMinutes": 5, "currentStreak": 2,
            "averageSessionDuration": 100.33,
            "weeklyTrend": [
                {"week": "2026-06-08", "kaizens": 3, "completedKaizens": 2, "zazenMinutes": 1},
                {"week": "2026-06-01", "kaizens": 1, "completedKaizens": 1, "zazenMinutes": 3},
            ],
        })
    );
}

#[tokio::test]
async fn an_answer_that_the_caller_has_is_not_sent_again() {
    let ada = Person::new().await;
    for path in [format!("/rise/stats/{}", ada.id), format!("/rise/stats/{}.svg", ada.id)] {
        let app = App::native(&FUNCTION).at(NOON);
        let first = app.get(&path).by(&ada).send().await;
        assert_eq!(first.header("cache-control"), Some("private, no-cache"));
        let tag = first.header("etag").unwrap().to_owned();
        let again = || app.get(&path).by(&ada).header("if-none-match", &format!("\"x\", W/{tag}")).send();
        let unchanged = again().await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
        assert_eq!(unchanged.header("etag"), Some(tag.as_str()));
        entry(&ada, "2026-06-10", true).await;
        assert_eq!(again().await.status, 200, "{path} has changed");
    }
}

#[tokio::test]
async fn the_picture_shows_a_year_of_days_and_weeks() {
    let ada = Person::new().await;
    for day in ["2026-06-10", "2026-06-09", "2026-06-09", "2026-06-09", "2026-06-09", "2026-06-09", "2025-06-09", "2025-06-08"] {
        entry(&ada, day, true).await;
    }
    session(&ada, "2026-06-09T06:00:00Z", 5400).await;
    let freeze = "insert into streak_freezes (user_id, kind, from_day, to_day) values ($1, 'freeze', '2026-06-08', '2026-06-09')";
    testing::database().await.execute(freeze, &[&ada.id]).await.unwrap();

    let answer = ask(&ada, ".svg").await;
    assert_eq!(answer.header("content-type"), Some("image/svg+xml; charset=utf-8"));
    let svg = picture(&answer);
    // 52 whole weeks and three days of this one, each once, and seven samples in the legend.
    assert_eq!(svg.matches("height=\"11\"").count(), 52 * 7 + 3 + 6);
    assert!(svg.contains("<title>9 juin 2026\u{a0}: 5 kaizens, 90 min</title>"), "{svg}");
    assert!(svg.contains("<title>8 juin 2026\u{a0}: gel ou pause</title>"));
    assert!(svg.contains("<title>9 juin 2025\u{a0}: 1 kaizen</title>"), "the first day of the year");
    assert!(!svg.contains("8 juin 2025\u{a0}:"), "the day before it");
    assert_eq!(svg.matches("class=\"bar\"").count(), 1);
    assert!(svg.contains("role=\"img\"") && svg.contains("aria-labelledby=\"rise-title rise-desc\""));
    assert!(
        svg.contains("<desc id=\"rise-desc\">Du 9 juin 2025 au 10 juin 2026 : 7 kaizens faits sur 3 jours, 1 h 30 de zazen.")
    );
}

#[tokio::test]
async fn a_session_of_half_a_minute_is_seen_and_named() {
    let ada = Person::new().await;
    session(&ada, "2026-06-09T06:00:00Z", 30).await;
    let answer = ask(&ada, ".svg").await;
    let svg = picture(&answer);
    assert!(svg.contains("<title>9 juin 2026\u{a0}: &lt; 1 min</title>"), "{svg}");
    assert!(svg.contains("<title>8 juin 2026\u{a0}: &lt; 1 min</title>"), "the bar of its week: {svg}");
    assert_eq!(svg.matches("class=\"bar\"").count(), 1);
    assert_eq!(svg.matches("&lt; 1 min de zazen").count(), 3, "{svg}");
    assert!(!svg.contains(": </title>") && !svg.contains("\u{a0}: <"), "nothing is named without a number");
}

#[tokio::test]
async fn it_is_light_or_dark_as_asked_or_as_the_reader_prefers() {
    let ada = Person::new().await;
    let (light, dark, either) =
        (ask(&ada, ".svg?theme=light").await, ask(&ada, ".svg?theme=dark").await, ask(&ada, ".svg").await);
    assert!(picture(&light).contains(".ground{fill:#fff}") && !picture(&light).contains("#10151a"));
    assert!(picture(&dark).contains(".ground{fill:#10151a}") && !picture(&dark).contains("{fill:#fff}"));
    assert!(picture(&either).contains("@media(prefers-color-scheme:dark)"));
    let policy = either.header("content-security-policy").unwrap();
    assert!(policy.contains("style-src 'unsafe-inline'") && policy.contains("default-src 'none'"), "{policy}");
    let wrong = App::native(&FUNCTION).get(&format!("/rise/stats/{}.svg?theme=blue", ada.id)).by(&ada).send().await;
    assert_eq!((wrong.status, wrong.wrong_fields()), (422, vec!["theme:not_allowed".to_owned()]));
}

#[tokio::test]
async fn it_speaks_english_too() {
    let ada = Person::new().await;
    entry(&ada, "2026-06-10", true).await;
    let path = format!("/rise/stats/{}.svg", ada.id);
    let answer = App::native(&FUNCTION).at(NOON).get(&path).by(&ada).header("accept-language", "en").send().await;
    let svg = picture(&answer);
    assert!(svg.contains("lang=\"en\"") && svg.contains("A year of Rise") && svg.contains("Kaizens done per day"));
    assert!(svg.contains("Streak: 1 day · Best: 1 day · 1 kaizen done · 0 min of zazen"), "{svg}");
}

#[tokio::test]
async fn only_the_owner_may_look() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    for end in ["", ".svg"] {
        let path = format!("/rise/stats/{}{end}", ada.id);
        assert_eq!(App::native(&FUNCTION).get(&path).by(&eve).send().await.status, 403);
    }
    let answer = App::native(&FUNCTION).get("/rise/stats/x.svg").by(&eve).send().await;
    assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["user_id:bad_uuid".to_owned()]));
}

/// Whatever a person does, through the endpoints and on the edge, the numbers are those of the lists.
#[tokio::test]
async fn the_numbers_are_always_those_of_the_lists() {
    let mut seed = 20_260_610_u64;
    let mut roll = move |bound: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    let app = App::edge().at(NOON);
    let today: NaiveDate = "2026-06-10".parse().unwrap();
    for _ in 0..6 {
        let ada = Person::new().await;
        let (mut entries, mut sessions) = (Vec::new(), Vec::new());
        for _ in 0..30 {
            let day = (today - Days::new(roll(30))).to_string();
            match roll(6) {
                0..=2 => {
                    let body = json!({"action": "x", "date": day, "completed": roll(3) > 0});
                    let answer = app.post("/rise/kaizen").by(&ada).json(body).send().await;
                    entries.push(answer.json()["id"].clone());
                }
                3 => {
                    let body = json!({"timestamp": format!("{day}T{:02}:00:00Z", roll(10)), "duration": 1 + roll(3600)});
                    let answer = app.post("/rise/zazen-session").by(&ada).json(body).send().await;
                    if answer.status == 201 {
                        sessions.push(answer.json()["id"].clone());
                    }
                }
                4 if !entries.is_empty() => {
                    let id = &entries[usize::try_from(roll(entries.len() as u64)).unwrap()];
                    let body = json!({"completed": roll(2) > 0});
                    app.put(&format!("/rise/kaizen/{id}")).by(&ada).json(body).send().await;
                }
                _ => {
                    if let Some(id) = entries.pop() {
                        app.delete(&format!("/rise/kaizen/{id}")).by(&ada).send().await;
                    }
                    if let Some(id) = sessions.pop() {
                        app.delete(&format!("/rise/zazen-session/{id}")).by(&ada).send().await;
                    }
                }
            }
        }
        let kaizens = all(&app, &ada, "kaizen").await;
        let sessions = all(&app, &ada, "zazen-sessions").await;
        let streak = app.get(&format!("/rise/kaizen/streak/{}", ada.id)).by(&ada).send().await.json();
        let stats = app.get(&format!("/rise/stats/{}?weeks=8", ada.id)).by(&ada).send().await.json();

        let completed = |entries: &[&Value]| entries.iter().filter(|entry| entry["completed"] == true).count();
        let seconds = |sessions: &[&Value]| sessions.iter().map(|session| session["duration"].as_u64().unwrap()).sum::<u64>();
        let (every, each): (Vec<&Value>, Vec<&Value>) = (kaizens.iter().collect(), sessions.iter().collect());
        assert_eq!(stats["totalKaizens"], every.len());
        assert_eq!(stats["completedKaizens"], completed(&every));
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let ratio = |a: u64, b: usize| if b == 0 { 0.0 } else { a as f64 / b as f64 };
        assert_eq!(stats["completionRate"], ratio(completed(&every) as u64, every.len()));
        assert_eq!(stats["totalZazenMinutes"], seconds(&each) / 60);
        assert!((stats["averageSessionDuration"].as_f64().unwrap() - ratio(seconds(&each), each.len())).abs() <= 0.0051);
        assert_eq!(stats["currentStreak"], streak["current"]);
        for week in stats["weeklyTrend"].as_array().unwrap() {
            let monday: NaiveDate = week["week"].as_str().unwrap().parse().unwrap();
            assert_eq!(monday.weekday().num_days_from_monday(), 0);
            let within = |row: &&Value| {
                let day: NaiveDate = row["date"].as_str().unwrap().parse().unwrap();
                (monday..monday + Days::new(7)).contains(&day)
            };
            let entries: Vec<&Value> = kaizens.iter().filter(within).collect();
            let sessions: Vec<&Value> = sessions.iter().filter(within).collect();
            let expected = (entries.len(), completed(&entries), seconds(&sessions) / 60);
            assert_eq!(
                (&week["kaizens"], &week["completedKaizens"], &week["zazenMinutes"]),
                (&json!(expected.0), &json!(expected.1), &json!(expected.2)),
                "{monday}"
            );
        }
    }
}

/// Every row of a list, page by page.
async fn all(app: &App, person: &Person, list: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/rise/{list}/{}?limit=7{cursor}", person.id);
        let page = app.get(&path).by(person).send().await.json();
        rows.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

/// A year with a little of everything that a picture can show.
fn busy_year() -> (super::UserStats, Vec<super::Day>) {
    let today: NaiveDate = "2026-06-10".parse().unwrap();
    let stats = super::UserStats {
        total_kaizens: 2345,
        completed_kaizens: 1234,
        completion_rate: 0.5,
        total_zazen_minutes: 75_000,
        current_streak: 1,
        average_session_duration: 600.0,
        weekly_trend: Vec::new(),
        alive_streak: 1,
        best_streak: 1024,
        today,
        total_zazen_seconds: 4_500_000,
    };
    let day = |back: u64| super::Day {
        day: today - Days::new(back),
        completed: i64::try_from(back % 6).unwrap(),
        seconds: i64::try_from(back % 5 * 1700 * (back % 3) + back % 7 % 2 * 40).unwrap(),
        excused: back.is_multiple_of(6) && back % 4 == 2,
    };
    (stats, (0..366).filter(|back| back % 11 != 3).map(day).collect())
}

/// The pictures of before the parts that draw it were everybody's, byte for byte.
#[test]
fn the_picture_is_the_stored_one() {
    let (stats, days) = busy_year();
    for (name, stored, theme, language) in [
        ("fr", include_str!("tests/year-fr.svg"), None, Language::Fr),
        ("en-light", include_str!("tests/year-en-light.svg"), Some(super::Theme::Light), Language::En),
        ("fr-dark", include_str!("tests/year-fr-dark.svg"), Some(super::Theme::Dark), Language::Fr),
    ] {
        let drawn = super::picture::draw(&stats, &days, theme, language);
        assert!(drawn == stored, "{name} differs");
    }
}
