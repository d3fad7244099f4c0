use serde_json::{Value, json};
use testing::{Answer, App, Person};

use super::FUNCTION;

async fn run(sql: &str, person: &Person) {
    testing::database().await.execute(sql, &[&person.id]).await.unwrap();
}

async fn ask(person: &Person, rest: &str) -> Answer {
    let answer = App::native(&FUNCTION).get(&format!("/rise/export/{}{rest}", person.id)).by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// As somebody else's reader of CSV sees it: names of columns, and rows.
fn read(text: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::ReaderBuilder::new().from_reader(text);
    let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    (names, rows)
}

#[tokio::test]
async fn whatever_was_written_comes_back_from_the_table_and_nothing_computes() {
    let ada = Person::new().await;
    let insert = "insert into kaizen (user_id, action, date, completed, completed_at)
         select $1, action, date '2026-06-01' + n::int, true, timestamptz '2026-06-09 23:30:00.5+02'
         from unnest(array['Ranger, \"trier\"; jeter', E'deux\\r\\nlignes', '=HYPERLINK(\"http://evil.example\")', '  @SUM(1)', '-2+3',
           '禅 🌀']) with ordinality as a (action, n)";
    run(insert, &ada).await;
    let answer = ask(&ada, ".csv?of=kaizens").await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"kaizens.csv\""));
    assert_eq!(answer.header("x-next-cursor"), None);
    assert!(answer.body.ends_with(b"\r\n"));
    let (names, rows) = read(&answer.body);
    let expected = ["id", "date", "action", "completed", "completed_at", "client_id", "created_at", "updated_at", "time_zone"];
    assert_eq!(names, expected);
    let actions: Vec<&str> = rows.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(
        actions,
        ["禅 🌀", "'-2+3", "'  @SUM(1)", "'=HYPERLINK(\"http://evil.example\")", "deux\r\nlignes", "Ranger, \"trier\"; jeter"]
    );
    assert_eq!(
        rows[0][1..],
        ["2026-06-07", "禅 🌀", "true", "2026-06-09T21:30:00.5+00:00", "", &rows[0][6], &rows[0][7], "Europe/Paris"]
    );

    let whole = ask(&ada, "?of=kaizens").await.json();
    let actions: Vec<&str> = whole["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions[3], "=HYPERLINK(\"http://evil.example\")", "JSON computes nothing and is as it is");
}

#[tokio::test]
async fn one_page_after_the_other_makes_one_file() {
    let ada = Person::new().await;
    run("insert into kaizen (user_id, action, date) select $1, n::text, date '2026-01-01' + n / 3 from generate_series(1, 25) as n", &ada)
        .await;
    let mut file = Vec::new();
    let mut cursor = String::new();
    for page in 0.. {
        let answer = ask(&ada, &format!(".csv?of=kaizens&limit=10{cursor}")).await;
        assert_eq!(answer.body.starts_with(b"id,"), page == 0);
        file.extend(&answer.body);
        let Some(next) = answer.header("x-next-cursor") else { break };
        cursor = format!("&cursor={next}");
    }
    let (_, rows) = read(&file);
    let actions: Vec<i32> = rows.iter().map(|row| row[2].parse().unwrap()).collect();
    assert_eq!(actions, (1..=25).rev().collect::<Vec<_>>());
    let whole = ask(&ada, ".csv?of=kaizens&limit=1000").await;
    assert_eq!(whole.body, file);
    let range = ask(&ada, "?of=kaizens&from=2026-01-02&to=2026-01-03").await.json();
    assert_eq!(range["items"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn sessions_and_freezes_are_taken_along_too_without_what_was_removed() {
    let ada = Person::new().await;
    let sessions = "insert into zazen_sessions (user_id, \"timestamp\", ended_at, date, triggered_by, mood_before, deleted_at)
         values ($1, '2026-06-09T22:30:00Z', '2026-06-09T22:40:00Z', '2026-06-10', 'stress', 2, null),
           ($1, '2026-06-08T22:30:00Z', '2026-06-08T22:40:00Z', '2026-06-09', null, null, edge.now())";
    run(sessions, &ada).await;
    let freeze = "insert into streak_freezes (user_id, kind, from_day, to_day) values ($1, 'skip', '2026-06-01', '2026-06-03')";
    run(freeze, &ada).await;
    let (names, rows) = read(&ask(&ada, ".csv?of=zazens").await.body);
    assert_eq!(rows.len(), 1);
    let value = |name: &str| rows[0][names.iter().position(|known| known == name).unwrap()].as_str();
    assert_eq!(
        (value("date"), value("duration"), value("triggered_by"), value("mood_after")),
        ("2026-06-10", "600", "stress", "")
    );
    let (_, rows) = read(&ask(&ada, ".csv?of=freezes").await.body);
    assert_eq!(rows[0][1..4], ["skip", "2026-06-01", "2026-06-03"]);
    let json = ask(&ada, "?of=freezes").await.json();
    assert_eq!((&json["items"][0]["kind"], &json["items"][0]["time_zone"]), (&json!("skip"), &json!("Europe/Paris")));
}

#[tokio::test]
async fn a_table_for_excel_says_by_its_first_character_that_it_is_utf_8() {
    let ada = Person::new().await;
    let marked = ask(&ada, ".csv?of=freezes&bom=true").await.body;
    assert_eq!(marked, "\u{feff}id,kind,from,to,created_at,time_zone\r\n".as_bytes());
    assert!(ask(&ada, ".csv?of=freezes&bom=false").await.body.starts_with(b"id,"));
}

#[tokio::test]
async fn an_empty_account_takes_the_names_of_the_columns_along() {
    let ada = Person::new().await;
    assert_eq!(ask(&ada, ".csv?of=freezes").await.body, b"id,kind,from,to,created_at,time_zone\r\n");
    assert_eq!(ask(&ada, "?of=freezes").await.json(), json!({"items": [], "next_cursor": Value::Null}));
    assert!(ask(&ada, ".csv").await.body.starts_with(b"id,date,action,"), "kaizens, where nothing is said");
}

#[tokio::test]
async fn only_the_owner_may_and_only_what_there_is() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let app = App::native(&FUNCTION);
    for end in [".csv", ""] {
        let path = format!("/rise/export/{}{end}", ada.id);
        assert_eq!(app.get(&format!("{path}?of=kaizens")).by(&eve).send().await.status, 403);
        for (query, refusal) in [
            ("?of=notes", "of:not_allowed"),
            ("?of=kaizens&limit=1001", "limit:range"),
            ("?of=kaizens&from=2026-06-02&to=2026-06-01", "from:from_after_to"),
            ("?of=kaizens&cursor=x", "cursor:bad_cursor"),
        ] {
            let answer = app.get(&format!("{path}{query}")).by(&ada).send().await;
            assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{query}");
        }
    }
}

#[tokio::test]
async fn an_administrator_takes_along_what_its_owner_would() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    run("insert into kaizen (user_id, action, date) values ($1, 'Ranger', '2026-06-09')", &ada).await;
    for end in [".csv", ""] {
        let path = format!("/rise/export/{}{end}", ada.id);
        let seen = App::native(&FUNCTION).get(&path).by(&admin).send().await;
        assert_eq!((seen.status, seen.body), (200, ask(&ada, end).await.body));
    }
}
