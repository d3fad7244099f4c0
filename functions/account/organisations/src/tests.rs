use chrono::NaiveDate;
use edge::auth::Role;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database};

use super::FUNCTION;

/// A Thursday; the latest week that is shown is the one before last.
const NOW: &str = "2026-06-18T12:00:00Z";
const LATEST: &str = "2026-06-08";

fn app() -> App {
    App::native(&FUNCTION).at(NOW)
}

async fn found(by: &Person, name: &str) -> Answer {
    app().post("/organisations").by(by).json(json!({"name": name})).send().await
}

/// An organisation since May, with its manager.
async fn organisation() -> (String, Person) {
    let manager = Person::new().await;
    let at = App::native(&FUNCTION).at("2026-05-04T08:00:00Z");
    let answer = at.post("/organisations").by(&manager).json(json!({"name": "Atelier"})).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    (answer.json()["id"].as_str().unwrap().to_owned(), manager)
}

async fn join(organisation: &str, person: &Person, role: &str, joined_at: &str) {
    let insert = "insert into organisation_members (organisation_id, user_id, role, joined_at)
                  values ($1::text::uuid, $2, $3, $4::text::timestamptz)";
    database().await.execute(insert, &[&organisation, &person.id, &role, &joined_at]).await.unwrap();
}

async fn members(organisation: &str, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for _ in 0..count {
        let person = Person::new().await;
        join(organisation, &person, "member", "2026-05-04T09:00:00Z").await;
        people.push(person);
    }
    people
}

async fn kaizen(person: &Person, day: &str, completed: bool) {
    let insert = "insert into kaizen (user_id, action, date, completed) values ($1, 'x', $2, $3)";
    let day: NaiveDate = day.parse().unwrap();
    database().await.execute(insert, &[&person.id, &day, &completed]).await.unwrap();
}

async fn sat(person: &Person, minutes: i32) {
    let insert = "insert into zazen_sessions (user_id, timestamp, ended_at, date)
                  values ($1, '2026-06-09T06:00:00Z', '2026-06-09T06:00:00Z'::timestamptz + make_interval(mins => $2), '2026-06-09')";
    database().await.execute(insert, &[&person.id, &minutes]).await.unwrap();
}

async fn aggregates(organisation: &str, by: &Person) -> Answer {
    app().get(&format!("/organisations/{organisation}/aggregates")).by(by).send().await
}

async fn latest(organisation: &str, by: &Person) -> Value {
    let answer = aggregates(organisation, by).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["weeks"][0].clone()
}

fn shown(share: Value, kaizen: Value, zazen: Value) -> Value {
    let is_shown = !share.is_null();
    json!({"week": LATEST, "is_shown": is_shown, "active_share": share, "kaizen_completion": kaizen, "zazen_minutes": zazen})
}

#[tokio::test]
async fn whoever_founds_an_organisation_manages_it_and_founds_it_once() {
    let ada = Person::new().await;
    let first = found(&ada, " Atelier ").await;
    assert_eq!((first.status, first.json()["role"].as_str()), (201, Some("manager")), "{first:?}");
    let id = first.json()["id"].clone();
    let again = found(&ada, "Atelier").await;
    assert_eq!((again.status, &again.json()["id"]), (200, &id));
    let list = app().get("/organisations").by(&ada).send().await.json();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["id"]), (1, &id));
    let one = Person::new().await;
    let both = tokio::join!(found(&one, "Ensemble"), found(&one, "Ensemble"));
    assert_eq!(both.0.json()["id"], both.1.json()["id"]);
}

#[tokio::test]
async fn a_second_organisation_takes_a_subscription() {
    let ada = Person::new().await;
    assert_eq!(found(&ada, "Atelier").await.status, 201);
    let refused = found(&ada, "Boutique").await;
    assert_eq!((refused.status, refused.code().as_str()), (402, "subscription_required"), "{refused:?}");
    database().await.execute("update users set tier = 'PREMIUM' where id = $1", &[&ada.id]).await.unwrap();
    for number in 2..=10 {
        assert_eq!(found(&ada, &format!("Boutique {number}")).await.status, 201);
    }
    let eleventh = found(&ada, "Boutique 11").await;
    assert_eq!((eleventh.status, eleventh.code().as_str()), (409, "limit_reached"), "{eleventh:?}");
}

#[tokio::test]
async fn only_a_verified_address_founds_and_no_name_is_a_link() {
    let ada = Person::new().await;
    let links =
        ["https://evil.example", "see www.evil.example", "evil.com/login", "mailto:x@y.fr", "ftp:evil", "été.fr", "evil。com"];
    for name in links.into_iter().chain(["Ada\u{202e}moc", "a\u{200b}b", "a\u{2066}b", "a\u{ad}b", "a\u{feff}b", "a\u{e0041}b"]) {
        let answer = found(&ada, name).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["name:not_plain".to_owned()]), "{name:?}: {answer:?}");
    }
    assert_eq!(found(&ada, "a\u{7}b").await.status, 422);
    for (language, says) in [("fr", "Ni lien ni caractère invisible"), ("en", "Neither a link nor invisible")] {
        let body = json!({"name": "evil.com"});
        let answer = app().post("/organisations").by(&ada).header("accept-language", language).json(body).send().await;
        assert!(answer.json()["errors"][0].to_string().contains(says), "{answer:?}");
    }
    database().await.execute("update users set email_verified_at = null where id = $1", &[&ada.id]).await.unwrap();
    let answer = found(&ada, "Atelier").await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "email_not_verified"));
    let privacy = Person::of(Role::Privacy, "Europe/Paris").await;
    assert_eq!(found(&privacy, "Atelier").await.code(), "forbidden");
}

#[tokio::test]
async fn a_name_may_have_dots_colons_and_any_letters() {
    for name in ["St. Martin", "Atelier : Nord", "Midi 12:30", "L'Été & Cie.", "東京 №2", "…et puis", "Zen 🧘"] {
        assert_eq!(found(&Person::new().await, name).await.status, 201, "{name}");
    }
}

#[tokio::test]
async fn an_organisation_is_its_members_and_to_others_as_missing_as_none() {
    let (id, manager) = organisation().await;
    let (member, eve) = (members(&id, 1).await.remove(0), Person::new().await);
    let path = format!("/organisations/{id}");
    let seen = app().get(&path).by(&member).send().await;
    assert_eq!((seen.status, seen.json()["role"].as_str()), (200, Some("member")));
    let visible = &seen.json()["visibility"];
    assert_eq!(visible["of_each_member"], json!(["name", "email", "role", "joined_at"]));
    assert_eq!((&visible["counts_you"], &visible["smallest_group"]), (&json!(true), &json!(5)));
    let own = app().get(&path).by(&manager).send().await.json();
    assert_eq!(own["visibility"]["counts_you"], false);

    let rename = async |by: &Person, version: &str| {
        app().put(&path).by(by).header("if-match", version).json(json!({"name": "Maison"})).send().await
    };
    let missing = "/organisations/00000000-0000-4000-8000-000000000000";
    for path in [path.clone(), missing.to_owned(), format!("{path}/aggregates"), format!("{missing}/aggregates")] {
        assert_eq!(app().get(&path).by(&eve).send().await.status, 404, "{path}");
    }
    assert_eq!((rename(&eve, "\"1\"").await.status, rename(&member, "\"1\"").await.status), (404, 403));
    assert_eq!((rename(&manager, "\"9\"").await.status, rename(&manager, "\"1\"").await.status), (412, 200));
    assert_eq!(app().get(&path).by(&member).send().await.json()["name"], "Maison");
}

#[tokio::test]
async fn figures_are_for_managers_and_an_administrators_look_is_logged() {
    let (id, manager) = organisation().await;
    let (member, admin) = (members(&id, 1).await.remove(0), Person::admin().await);
    assert_eq!(aggregates(&id, &manager).await.status, 200);
    assert_eq!(aggregates(&id, &member).await.status, 403);
    assert_eq!(aggregates(&id, &admin).await.status, 200);
    assert_eq!(app().get(&format!("/organisations/{id}")).by(&admin).send().await.json()["role"], Value::Null);
    let logged = "select array_agg(action order by id) from audit_logs
                  where user_id = $1 and metadata ->> 'organisation' = $2";
    let actions: Vec<String> = database().await.query_one(logged, &[&admin.id, &id]).await.unwrap().get(0);
    assert_eq!(actions, ["organisations.aggregates_read", "organisations.read"]);
}

#[tokio::test]
async fn a_group_that_is_too_small_shows_nothing() {
    let (id, manager) = organisation().await;
    for person in &members(&id, 4).await {
        kaizen(person, "2026-06-09", true).await;
        sat(person, 30).await;
    }
    // They know their own values: subtracting them must not leave somebody else's.
    kaizen(&manager, "2026-06-09", true).await;
    let answer = aggregates(&id, &manager).await.json();
    assert_eq!((&answer["members"], &answer["smallest_group"]), (&json!(4), &json!(5)));
    assert_eq!(answer["weeks"].as_array().unwrap().len(), 6, "from the first Monday on");
    assert_eq!(answer["weeks"][0], shown(Value::Null, Value::Null, Value::Null));
}

#[tokio::test]
async fn figures_are_coarse_and_of_those_who_gave_them() {
    let (id, manager) = organisation().await;
    let people = members(&id, 6).await;
    for (index, person) in people.iter().enumerate().take(5) {
        kaizen(person, "2026-06-08", true).await;
        kaizen(person, "2026-06-14", index == 0).await;
        // Outside of the week.
        kaizen(person, "2026-06-07", false).await;
    }
    for person in people.iter().take(4) {
        sat(person, 30).await;
    }
    // (1 + 4 × 0.5) / 5 = 0.6; five of six active; four who sat are too few.
    assert_eq!(latest(&id, &manager).await, shown(json!(0.75), json!(0.6), Value::Null));
}

#[tokio::test]
async fn nobody_weighs_more_than_ten_hours_in_minutes_of_zazen() {
    let (id, manager) = organisation().await;
    let people = members(&id, 5).await;
    for (person, minutes) in people.iter().zip([1200, 31, 29, 14, 1]) {
        sat(person, minutes).await;
    }
    // (600 + 31 + 29 + 14 + 1) / 5 = 135
    assert_eq!(latest(&id, &manager).await, shown(json!(0.75), Value::Null, json!(135.0)));
}

#[tokio::test]
async fn a_week_is_computed_once_so_that_nobody_can_be_subtracted() {
    let (id, manager) = organisation().await;
    let people = members(&id, 6).await;
    for (index, person) in people.iter().enumerate() {
        kaizen(person, "2026-06-09", index > 0).await;
    }
    let before = latest(&id, &manager).await;
    let gone = "delete from organisation_members where user_id = $1";
    database().await.execute(gone, &[&people[0].id]).await.unwrap();
    kaizen(&people[1], "2026-06-10", false).await;
    assert_eq!(latest(&id, &manager).await, before);
    // With two the group of the week after is too small.
    for person in &people[1..4] {
        database().await.execute(gone, &[&person.id]).await.unwrap();
    }
    let later = App::native(&FUNCTION).at("2026-06-25T12:00:00Z");
    let answer = later.get(&format!("/organisations/{id}/aggregates")).by(&manager).send().await.json();
    assert_eq!((&answer["weeks"][0]["is_shown"], &answer["weeks"][1]), (&json!(false), &before));
}

#[tokio::test]
async fn who_joined_within_a_week_is_not_in_it() {
    let (id, manager) = organisation().await;
    let mut people = members(&id, 4).await;
    let late = Person::new().await;
    join(&id, &late, "member", "2026-06-09T00:00:00Z").await;
    people.push(late);
    for person in &people {
        kaizen(person, "2026-06-10", true).await;
    }
    assert_eq!(latest(&id, &manager).await["is_shown"], false);
}
